"""Random choices that make sense together: who does what to whom, where and with whom."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from phrasebook_grammar.clauses import Clause, Prepositional
from phrasebook_grammar.inflection import I_, PERSONAL_PRONOUNS, YOU, NounPhrase, Phrase, Pronoun
from phrasebook_grammar.lexicon import (
    ADJECTIVES,
    BARE,
    FOR,
    MANY,
    MODALS,
    NO,
    NOUNS,
    POSSESSIVES,
    THE,
    THIS,
    THREE,
    TIMES,
    TWO,
    TWO_WAY_PREPOSITIONS,
    VERBS,
    WITH,
    WITHOUT,
    A,
    Adjective,
    Determiner,
    Frame,
    Gender,
    Modal,
    Noun,
    Preposition,
    Tense,
    Time,
    Verb,
)

Choice = TypeVar("Choice")

# Repetition is weight: "the" is the most frequent determiner in any text.
DEFINITE: tuple[Determiner, ...] = (THE,) * 6 + POSSESSIVES
SINGULAR: tuple[Determiner, ...] = (THE,) * 8 + (A,) * 6 + POSSESSIVES + (THIS,) * 2
PLURAL: tuple[Determiner, ...] = (THE,) * 8 + (A,) * 3 + POSSESSIVES + (THIS, TWO, THREE, MANY) * 2
UNCOUNTABLE: tuple[Determiner, ...] = (BARE,) * 6 + (THE,) * 4 + POSSESSIVES[:2] + (THIS,)
DENIED: tuple[Determiner, ...] = (NO,) * 8 + (THE,) * 5 + POSSESSIVES

POSSESSIVE_OF = dict(zip(("I", "you", "he", "she", "we", "they"), POSSESSIVES, strict=True))
OWNER_OF_GENDER: dict[Gender, str] = {"masculine": "he", "feminine": "she", "neuter": ""}
SPEAKERS = (*PERSONAL_PRONOUNS, I_, YOU)  # their verb forms serve nobody else
ALL_FRAMES: tuple[Frame, ...] = ("alone", "object", "recipient", "goal", "placing")


def share_a_tag(first: str, second: str) -> bool:
    """Whether two lists of tags have a tag in common."""
    return not set(first.split()).isdisjoint(second.split())


@functools.cache
def nouns_with(tags: str) -> tuple[Noun, ...]:
    """All nouns with at least one of the tags."""
    return tuple(noun for noun in NOUNS if share_a_tag(noun.tags, tags))


@functools.cache
def adjectives_for(noun: Noun) -> tuple[Adjective, ...]:
    """All adjectives that fit a noun."""
    return tuple(adjective for adjective in ADJECTIVES if share_a_tag(noun.tags, adjective.fits))


@functools.cache
def verbs_for(use: str, frames: tuple[Frame, ...]) -> tuple[Verb, ...]:
    """All verbs with that use ("now", "modal", ...) in one of the frames."""
    return tuple(verb for verb in VERBS if share_a_tag(verb.uses, use) and verb.frame in frames)


class Picker:
    """Draws words, phrases and clauses from one source of randomness."""

    def __init__(self, randomness: random.Random) -> None:
        self.randomness = randomness

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.randomness.random() < probability

    def one(self, options: Sequence[Choice]) -> Choice:
        """One of the options."""
        return self.randomness.choice(options)

    def tense(self, *options: Tense) -> Tense:
        """One of the given tenses, or of all four."""
        return self.one(options or ("now", "habit", "past", "future"))

    def verb(self, use: str, frames: tuple[Frame, ...] = ALL_FRAMES) -> Verb:
        """A verb with that use."""
        return self.one(verbs_for(use, frames))

    def time(self, tense: Tense) -> Time:
        """An adverb that agrees with the tense."""
        return self.one([time for time in TIMES if time.tense == tense])

    def modal(self, *, deniable: bool = False) -> Modal:
        """A modal verb; "must not" is left out where it would be denied, for it is not "muss nicht"."""
        return self.one([modal for modal in MODALS if not (deniable and modal.de in ("müssen", "möchten"))])

    def noun(self, tags: str, other_than: Phrase | None = None) -> Noun:
        """A noun with one of the tags, but not the one of another phrase."""
        taken = other_than.noun if isinstance(other_than, NounPhrase) else None
        return self.one([noun for noun in nouns_with(tags) if noun is not taken])

    def adjective(self, noun: Noun) -> Adjective:
        """An adjective that fits the noun."""
        return self.one(adjectives_for(noun))

    def noun_phrase(
        self,
        noun: Noun,
        determiners: tuple[Determiner, ...] = SINGULAR,
        adjective: float = 0.45,
        plural: float = 0.3,
    ) -> NounPhrase:
        """A noun with a determiner and, with the given chances, an adjective and the plural."""
        many = bool(noun.en_plural) and self.chance(plural)
        if determiners is SINGULAR and "mass" in noun.tags.split():
            determiners = UNCOUNTABLE
        elif determiners is SINGULAR and "family" in noun.tags.split():
            determiners = DEFINITE
        elif determiners is SINGULAR and many:
            determiners = PLURAL
        if "unowned" in noun.tags.split():  # "my man" and "my station" say something else, or nothing
            determiners = tuple(one for one in determiners if one not in POSSESSIVES)
        described = bool(adjectives_for(noun)) and self.chance(adjective)
        return NounPhrase(self.one(determiners), noun, many, self.adjective(noun) if described else None)

    def object_pronoun(self, subject: Phrase) -> Pronoun:
        """Somebody other than the subject, so that no reflexive pronoun is needed."""
        taken = subject.person[0] if subject.person[0] != "3" else ""
        return self.one([pronoun for pronoun in PERSONAL_PRONOUNS if pronoun.person[0] != taken])

    def subject(self, verb: Verb, determiners: tuple[Determiner, ...] = SINGULAR) -> Phrase:
        """Somebody who can do what the verb says."""
        if self.chance(0.5):
            return self.one(SPEAKERS)
        return self.noun_phrase(self.noun(verb.subjects), determiners, adjective=0.35)

    def place(self) -> Prepositional:
        """Where something happens: "in the old garden"."""
        noun = self.noun("place")
        english, german = noun.location
        phrase = self.noun_phrase(noun, adjective=0.25, plural=0.0)
        return Prepositional(Preposition(english, german, "dative"), phrase)

    def goal(self, verb: Verb) -> Prepositional:
        """Where somebody goes: zu governs the dative, the two-way prepositions the accusative."""
        noun = self.noun(verb.objects)
        preposition = Preposition("to", noun.goal, "dative" if noun.goal == "zu" else "accusative")
        return Prepositional(preposition, self.noun_phrase(noun, adjective=0.3, plural=0.0))

    def spot(self, *, moving: bool) -> Prepositional:
        """A place next to some furniture: dative for where it is, accusative for where it is put."""
        english, german = self.one(TWO_WAY_PREPOSITIONS)
        noun = self.noun("support" if english == "on" else "furniture")
        phrase = self.noun_phrase(noun, adjective=0.3, plural=0.0)
        return Prepositional(Preposition(english, german, "accusative" if moving else "dative"), phrase)

    def adjunct(self, verb: Verb, subject: Phrase) -> Prepositional:
        """A phrase that the verb does not need: where, with whom or for whom."""
        kind = self.one(verb.adjuncts.split())
        if kind == "place":
            return self.place()
        preposition = FOR if kind == "for" else self.one((WITH, WITH, WITHOUT))
        if self.chance(0.2):
            return Prepositional(preposition, self.object_pronoun(subject))
        person = self.noun("person", subject)
        phrase = self.own(subject, self.noun_phrase(person, DEFINITE, adjective=0.25))
        return Prepositional(preposition, phrase)

    def own(self, subject: Phrase, phrase: NounPhrase) -> NounPhrase:
        """Often replace a possessive by the subject's own: "he sold his horse" rather than "her horse"."""
        if phrase.determiner not in POSSESSIVES or self.chance(0.4):
            return phrase
        if isinstance(subject, Pronoun):
            owner = subject.en_subject
        else:
            owner = "they" if subject.plural else OWNER_OF_GENDER[subject.noun.gender]
        return replace(phrase, determiner=POSSESSIVE_OF.get(owner, phrase.determiner))

    def object(self, verb: Verb, subject: Phrase, *, negated: bool) -> Phrase:
        """Something or somebody the verb can be done to; denied objects take "kein" where they can."""
        if verb.frame == "object" and share_a_tag(verb.objects, "person") and self.chance(0.2):
            return self.object_pronoun(subject)
        determiners = SINGULAR
        noun = self.noun(verb.objects, subject)
        if negated:
            deniable = verb.case == "accusative" and not verb.preposition and verb.frame == "object"
            determiners = DENIED if deniable and "family" not in noun.tags.split() else DEFINITE
        return self.own(subject, self.noun_phrase(noun, determiners))

    def receiver(self, subject: Phrase, *, definite: bool) -> NounPhrase:
        """Somebody who gets something; without an article no plural, since few show the dative alone."""
        person = self.noun("person", subject)
        if definite:
            return self.noun_phrase(person, DEFINITE, adjective=0.2)
        return self.noun_phrase(person, adjective=0.2, plural=0.0)

    def clause(
        self,
        tense: Tense = "now",
        *,
        modal: Modal | None = None,
        subject: Phrase | None = None,
        verb: Verb | None = None,
        frames: tuple[Frame, ...] = ALL_FRAMES,
        negated: bool = False,
        adjuncts: float = 0.35,
    ) -> Clause:
        """A whole clause: a verb with that use, a subject, and the complements of the verb."""
        verb = verb or self.verb("modal" if modal else tense, frames)
        subject = subject or self.subject(verb, DEFINITE if negated else SINGULAR)
        clause = Clause(subject, verb, tense, modal, negated=negated)
        if verb.objects and verb.frame != "goal":
            clause = replace(clause, object=self.object(verb, subject, negated=negated))
        if verb.frame == "recipient":
            receiver: Phrase = self.object_pronoun(subject)
            if self.chance(0.7):
                receiver = self.own(subject, self.receiver(subject, definite=negated or self.chance(0.6)))
            clause = replace(clause, recipient=receiver)
        if verb.frame == "goal":
            clause = replace(clause, direction=self.goal(verb))
        if verb.frame == "placing":
            clause = replace(clause, direction=self.spot(moving=True))
        if verb.adjuncts and not negated and self.chance(adjuncts):
            clause = replace(clause, adjunct=self.adjunct(verb, subject))
        return clause
