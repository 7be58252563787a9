"""Evaluation: sacreBLEU's scores with their signatures, and what else tells how good translations are."""
