"""The network: recurrent layers, attention, encoder, decoder, and the translation model made of them."""
