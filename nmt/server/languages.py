"""Languages: their names, and which of them a text is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import langcodes

AUTO = "auto"


def name(code: str) -> str:
    """The English name of a language: "de" -> "German"; of an unknown code, the code."""
    try:
        language = langcodes.Language.get(code.replace("_", "-"))
    except langcodes.LanguageTagError:
        return code
    return language.display_name() if language.language_name() != "Unknown language" else code


class Detector:
    """Tells in which of some languages a text is, by the letter n-grams of langid (Lui and Baldwin 2012)."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = list(codes)
        self._rank: Callable[[str], list[tuple[str, float]]] | None = None
        if len(self.codes) > 1:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier

            identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
            known = {_plain(code) for code in self.codes}.intersection(identifier.labels)
            if known:
                identifier.set_languages(sorted(known))
                self._rank = identifier.rank

    def detect(self, text: str) -> list[tuple[str, float]]:
        """The languages, the likeliest first, each with a confidence from 0 to 100. Those that langid does not know
        have 0."""
        if len(self.codes) == 1:
            return [(self.codes[0], 100.0)]
        ranked = dict(self._rank(text)) if self._rank and text.strip() else {}
        found = [(code, round(100 * float(ranked.get(_plain(code), 0.0)), 1)) for code in self.codes]
        return sorted(found, key=lambda one: -one[1])


def _plain(code: str) -> str:
    """A code without its region or script."""
    return code.replace("_", "-").split("-")[0]
