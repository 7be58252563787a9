"""`python -m nmt` is `nmt`; torchrun starts it so."""

from nmt.cli import main

raise SystemExit(main())
