"""The parts of `understanding_rnns`: what is measured (`memory`, `translation`, `gaps`), what it says (`claims`), and
how it is shown (`figures`, `page`). `study` runs them in this order; `numbers` is what they hand on."""
