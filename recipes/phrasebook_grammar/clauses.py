"""Clauses: what is said, independent of the language, and where each language puts it.

A `Clause` names subject, verb, tense and complements once.  The `english_...` functions add auxiliaries
and do-support; the `german_...` functions place the finite verb second, first or last.
"""

from __future__ import annotations

from dataclasses import dataclass

from phrasebook_grammar.inflection import (
    ENGLISH_BE,
    PERSONS,
    SIMPLE_PAST,
    NounPhrase,
    Phrase,
    Pronoun,
    english,
    english_head,
    english_ing,
    english_past,
    english_third_person,
    german,
    german_imperative,
    german_infinitive,
    german_preposition,
    german_present,
    german_zu_infinitive,
    irregular_present,
    split_prefix,
    words,
)
from phrasebook_grammar.lexicon import BE, NO, Adjective, Modal, Preposition, Tense, Time, Verb

Combination = tuple[str, str]


@dataclass(frozen=True)
class Prepositional:
    """A preposition with its phrase: "with my friend"."""

    preposition: Preposition
    phrase: Phrase

    @property
    def en(self) -> str:
        """The English words."""
        return words(self.preposition.en, english(self.phrase, "object"))

    @property
    def de(self) -> str:
        """The German words."""
        return german_preposition(self.preposition, self.phrase)


@dataclass(frozen=True)
class Predicate:
    """What a form of "be" says about its subject: "tired", "older than the church"."""

    en: str
    de: str
    adjective: Adjective


@dataclass(frozen=True)
class Clause:
    """One finite verb and all that belongs to it.

    `direction` is the place to which somebody goes or puts something, `adjunct` any other prepositional
    phrase.  An `extracted` object has moved to the front as a question word or relative pronoun.
    """

    subject: Phrase
    verb: Verb
    tense: Tense = "now"
    modal: Modal | None = None
    recipient: Phrase | None = None
    object: Phrase | None = None
    adjunct: Prepositional | None = None
    direction: Prepositional | None = None
    predicate: Predicate | None = None
    time: Time | None = None
    negated: bool = False
    extracted: bool = False

    def phrases(self) -> list[Phrase]:
        """All noun phrases and pronouns of the clause."""
        prepositional = [part.phrase for part in (self.adjunct, self.direction) if part]
        others = [part for part in (self.recipient, self.object) if part]
        return [self.subject, *others, *prepositional]

    def combinations(self) -> frozenset[Combination]:
        """The pairs of English words that belong together in this clause.

        They are (adjective, noun), (subject noun, verb) and (verb, object noun), where recipients and
        directions count as objects, and a pronoun with an antecedent counts as that noun.
        """
        found = {
            (phrase.adjective.en, phrase.noun.en)
            for phrase in self.phrases()
            if isinstance(phrase, NounPhrase) and phrase.adjective
        }
        verb = self.verb.en.replace("|", " ")
        subject = noun_of(self.subject)
        if subject and self.predicate:
            found.add((self.predicate.adjective.en, subject))
        elif subject and self.verb is not BE:
            found.add((subject, verb))
        direction = self.direction.phrase if self.direction and self.verb is not BE else None
        for phrase in (self.recipient, self.object, direction):
            noun = noun_of(phrase) if phrase else ""
            if noun:
                found.add((verb, noun))
        return frozenset(found)


def noun_of(phrase: Phrase) -> str:
    """The English noun that a phrase is about, or nothing for "I" and "who"."""
    if isinstance(phrase, NounPhrase):
        return phrase.noun.en
    return phrase.antecedent.en if phrase.antecedent else ""


# English ------------------------------------------------------------------------------------------


def english_verb(clause: Clause) -> tuple[str, str, str]:
    """The verb as (auxiliary, rest, both merged): ("does", "read", "reads"), ("is", "reading", ...).

    Statements use the merged form; negation and questions need the auxiliary apart.
    """
    verb, person, modal = clause.verb, clause.subject.person, clause.modal
    head = english_head(verb)
    auxiliary = ""
    if modal and modal.en_auxiliary:
        auxiliary, rest = modal.en_auxiliary, words(modal.en_rest, head)
    elif clause.tense == "future":
        auxiliary, rest = "will", head
    elif verb is BE:
        past = "were" if ENGLISH_BE[person] == "are" else "was"
        auxiliary, rest = (past if clause.tense == "past" else ENGLISH_BE[person]), ""
    elif clause.tense == "now" and verb.progressive and not modal:
        auxiliary, rest = ENGLISH_BE[person], english_ing(head)
    if auxiliary:
        return auxiliary, rest, words(auxiliary, rest)
    if clause.tense == "past":
        return "did", head, english_past(verb)
    first = modal.en_rest.split()[0] if modal else head
    rest = words(modal.en_rest, head) if modal else head
    if person != "3s":
        return "do", rest, rest
    return "does", rest, rest.replace(first, english_third_person(first), 1)


def english_rest(clause: Clause, final_time: bool = True) -> str:
    """Everything after the verb; a pronoun goes before a movable particle: "pick him up"."""
    _, *fixed = clause.verb.en.replace("|", " ").split()
    particle = words(*fixed)
    thing = "" if clause.extracted or not clause.object else english(clause.object, "object")
    if "|" in clause.verb.en and isinstance(clause.object, Pronoun):
        thing, particle = particle, thing
    return words(
        english(clause.recipient, "object") if clause.recipient else "",
        particle,
        thing,
        clause.predicate.en if clause.predicate else "",
        clause.direction.en if clause.direction else "",
        clause.adjunct.en if clause.adjunct else "",
        clause.time.en if clause.time and final_time and not clause.time.before_verb else "",
    )


def english_statement(clause: Clause, time_first: bool = False) -> str:
    """Subject, verb, rest; "often" stands before the verb unless it opens the sentence."""
    auxiliary, rest, merged = english_verb(clause)
    verb = words(auxiliary, "not", rest).replace("can not", "cannot") if clause.negated else merged
    time = clause.time.en if clause.time else ""
    adverb = time if clause.time and clause.time.before_verb and not time_first else ""
    subject = english(clause.subject, "subject")
    return words(time if time_first else "", subject, adverb, verb, english_rest(clause, not time_first))


def english_question(clause: Clause, opener: str = "") -> str:
    """Question word, auxiliary, subject, rest."""
    auxiliary, rest, _ = english_verb(clause)
    adverb = clause.time.en if clause.time and clause.time.before_verb else ""
    return words(opener, auxiliary, english(clause.subject, "subject"), adverb, rest, english_rest(clause))


def english_infinitive(clause: Clause) -> str:
    """The bare infinitive with its complements: "buy a coat"."""
    return words(english_head(clause.verb), english_rest(clause))


# German -------------------------------------------------------------------------------------------


def german_verb(clause: Clause) -> tuple[str, str, str]:
    """The verb as (finite, separable prefix, closing): the prefix or the closing word ends the clause.

    The past of "sein" and "haben" is the simple one (war, hatte), that of other verbs the perfect.
    """
    verb, person = clause.verb, clause.subject.person
    prefix, plain = split_prefix(verb)
    if clause.modal:
        return irregular_present(clause.modal.de, person), "", german_infinitive(verb)
    if clause.tense == "future":
        return irregular_present("werden", person), "", german_infinitive(verb)
    if clause.tense == "past" and plain in SIMPLE_PAST:
        return SIMPLE_PAST[plain][PERSONS.index(person)], "", ""
    if clause.tense == "past":
        return irregular_present(verb.auxiliary, person), "", verb.participle
    return german_present(verb, person), prefix, ""


def german_object(clause: Clause) -> str:
    """The object in the case of the verb, after its preposition if it has one."""
    if clause.object is None or clause.extracted:
        return ""
    if clause.verb.preposition:
        preposition = Preposition("", clause.verb.preposition, clause.verb.case)
        return german_preposition(preposition, clause.object)
    return german(clause.object, clause.verb.case)


def german_middle(clause: Clause, with_time: bool = True) -> str:
    """What stands between the two parts of the verb.

    Pronouns come first, then time, recipient and object; "nicht" precedes whatever has a preposition.
    """
    thing, recipient = german_object(clause), clause.recipient
    light_thing = isinstance(clause.object, Pronoun) and not clause.verb.preposition
    light_recipient = isinstance(recipient, Pronoun)
    dative = german(recipient, "dative") if recipient else ""
    phrases = [phrase for phrase in clause.phrases() if isinstance(phrase, NounPhrase)]
    denied = any(phrase.determiner is NO for phrase in phrases)
    prepositional_thing = clause.verb.preposition != ""
    return words(
        thing if light_thing else "",
        dative if light_recipient else "",
        clause.time.de if clause.time and with_time else "",
        "" if light_recipient else dative,
        "" if light_thing or prepositional_thing else thing,
        "nicht" if clause.negated and not denied else "",
        clause.predicate.de if clause.predicate else "",
        clause.adjunct.de if clause.adjunct else "",
        thing if prepositional_thing else "",
        clause.direction.de if clause.direction else "",
    )


def german_statement(clause: Clause, time_first: bool = False) -> str:
    """The finite verb is second: a time in front drives the subject behind it."""
    finite, prefix, closing = german_verb(clause)
    subject = german(clause.subject, "nominative")
    opening = (clause.time.de, finite, subject) if clause.time and time_first else (subject, finite)
    return words(*opening, german_middle(clause, not time_first), prefix, closing)


def german_question(clause: Clause, opener: str = "") -> str:
    """The finite verb is first, or follows the question word."""
    finite, prefix, closing = german_verb(clause)
    return words(opener, finite, german(clause.subject, "nominative"), german_middle(clause), prefix, closing)


def german_subordinate(clause: Clause, opener: str) -> str:
    """The finite verb is last, with its prefix attached again: dass er das Kind anruft."""
    finite, prefix, closing = german_verb(clause)
    subject = german(clause.subject, "nominative")
    return words(opener, subject, german_middle(clause), closing, prefix + finite)


def german_purpose(clause: Clause) -> str:
    """An infinitive clause with um ... zu: um das Kind anzurufen."""
    return words("um", german_middle(clause), german_zu_infinitive(clause.verb))


def german_command(clause: Clause) -> str:
    """The imperative is first and leaves its prefix at the end: Mach das Fenster auf."""
    prefix, _ = split_prefix(clause.verb)
    return words(german_imperative(clause.verb), german_middle(clause), prefix)
