"""Sentence patterns of two clauses: reasons, thoughts, conditions, relative clauses, contrasts."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from phrasebook_grammar.clauses import (
    Clause,
    english_infinitive,
    english_statement,
    german_purpose,
    german_question,
    german_statement,
    german_subordinate,
)
from phrasebook_grammar.inflection import I_, THEY, WE, YOU, NounPhrase, Phrase, pronoun_for, relative_pronoun, words
from phrasebook_grammar.lexicon import (
    FIND,
    KNOW,
    KNOW_THAT,
    LIKE,
    LOOK_FOR,
    MODALS,
    NEED,
    SEE,
    THE,
    THINKING_VERBS,
    THIS,
    Adjective,
    Noun,
    Tense,
    Verb,
)
from phrasebook_grammar.picker import (
    ALL_FRAMES,
    DEFINITE,
    SPEAKERS,
    Picker,
    adjectives_for,
    nouns_with,
    share_a_tag,
    verbs_for,
)
from phrasebook_grammar.sentences import Pair, being, pair, state, timed

CAN, MUST, SHOULD, WANT_TO, WOULD_LIKE_TO = MODALS
BECAUSE, THAT, WHETHER = ("because", "weil"), ("that", "dass"), ("whether", "ob")
ALTHOUGH, IF = ("although", "obwohl"), ("if", "wenn")
AND, BUT = (" and", " und"), (", but", ", aber")
# Adjectives that something can be too much of; what the hungry and the thirsty do.
EXCESSIVE = {
    "old", "small", "big", "expensive", "heavy", "long", "short", "dark", "cold", "hot", "warm", "sweet",
    "modern", "boring",
}  # fmt: skip
CONSEQUENCES = {"hungry": {"eat", "cook"}, "thirsty": {"drink"}}
# What one does with a thing for its qualities; how one gets it; what one then does or does not do with it.
CHOOSING = {"buy", "sell", "wear", "need", "bring|along"}
GETTING = {"buy", "find", "bring|along"}
USING = {
    "read", "eat", "drink", "wear", "put|on", "wash", "clean", "repair", "sell", "need", "open", "close",
    "turn|on", "cook",
}  # fmt: skip


def somebody(picker: Picker) -> Phrase:
    """A subject for two clauses; not "das Kind", for which German would say "es" and English "he"."""
    if picker.chance(0.4):
        return picker.one(SPEAKERS)
    people = [noun for noun in nouns_with("person") if noun.gender != "neuter"]
    return picker.noun_phrase(picker.one(people), DEFINITE, adjective=0.2)


def fitting_verb(picker: Picker, adjective: Adjective, use: str) -> Verb:
    """What somebody does who is in that state: the hungry eat, the thirsty drink."""
    verbs = verbs_for(use, ALL_FRAMES)
    wanted = CONSEQUENCES.get(adjective.en)
    return picker.one([verb for verb in verbs if wanted is None or verb.en in wanted])


def verb_with_object(picker: Picker, tense: Tense, noun: Noun, among: Container[str] | None = None) -> Verb:
    """A verb (perhaps one of the given) that can be done to the noun and takes the accusative."""
    verbs = [verb for verb in verbs_for(tense, ("object",)) if share_a_tag(verb.objects, noun.tags)]
    verbs = [verb for verb in verbs if among is None or verb.en in among]
    return picker.one([verb for verb in verbs if verb.case == "accusative" and not verb.preposition])


def too_much(noun: Noun) -> list[Adjective]:
    """The adjectives that something can be too much of."""
    return [adjective for adjective in adjectives_for(noun) if adjective.en in EXCESSIVE]


def with_clause(main: Clause, conjunction: tuple[str, str], clause: Clause) -> Pair:
    """A main clause and its subordinate clause; only German sets a comma between them."""
    en = words(english_statement(main), conjunction[0], english_statement(clause))
    de = f"{german_statement(main)}, {german_subordinate(clause, conjunction[1])}"
    return pair(en, de, ".", main, clause)


def after_clause(conjunction: tuple[str, str], clause: Clause, main: Clause) -> Pair:
    """A subordinate clause before its main clause, which German then begins with the verb."""
    en = f"{conjunction[0]} {english_statement(clause)}, {english_statement(main)}"
    de = f"{german_subordinate(clause, conjunction[1])}, {german_question(main)}"
    return pair(en, de, ".", clause, main)


def side_by_side(first: Clause, conjunction: tuple[str, str], second: Clause) -> Pair:
    """Two main clauses."""
    en = f"{english_statement(first)}{conjunction[0]} {english_statement(second)}"
    de = f"{german_statement(first)}{conjunction[1]} {german_statement(second)}"
    return pair(en, de, ".", first, second)


def with_purpose(main: Clause, aim: Clause) -> Pair:
    """A main clause and an infinitive clause that share their subject."""
    source = words(english_statement(main), "to", english_infinitive(aim))
    return pair(source, f"{german_statement(main)}, {german_purpose(aim)}", ".", main, aim)


def doer(phrase: NounPhrase, clause: Clause) -> NounPhrase:
    """Describe somebody by a relative clause of which he is the subject."""
    clause = replace(clause, subject=relative_pronoun(phrase))
    return replace(phrase, relative=(english_statement(clause), german_subordinate(clause, "")))


def thing_done(phrase: NounPhrase, clause: Clause) -> NounPhrase:
    """Describe something by a relative clause of which it is the accusative object."""
    opener = relative_pronoun(phrase)
    clause = replace(clause, object=opener, extracted=True)
    source = words(opener.en_object, english_statement(clause))
    return replace(phrase, relative=(source, german_subordinate(clause, opener.accusative)))


# Reasons, thoughts, conditions ---------------------------------------------------------------------


def because_of_a_state(picker: Picker) -> Pair:
    """The woman slept because she was tired. Die Frau hat geschlafen, weil sie müde war."""
    subject, tense = somebody(picker), picker.tense("now", "past")
    adjective = state(picker, subject)
    main = picker.clause(tense, subject=subject, verb=fitting_verb(picker, adjective, tense), adjuncts=0.2)
    reason = being(pronoun_for(subject), adjective, tense)
    return with_clause(main, BECAUSE, reason)


def because_of_a_wish(picker: Picker) -> Pair:
    """He is going to the city because he wants to buy a coat. ..., weil er einen Mantel kaufen will."""
    subject = somebody(picker)
    main = picker.clause("now", subject=subject, frames=("alone", "goal"), adjuncts=0.2)
    modal = picker.one((MUST, WANT_TO, WOULD_LIKE_TO))
    reason = picker.clause(modal=modal, subject=pronoun_for(subject), adjuncts=0.2)
    return with_clause(main, BECAUSE, reason)


def because_of_the_thing(picker: Picker) -> Pair:
    """She is buying the lamp because it is cheap. Sie kauft die Lampe, weil sie billig ist."""
    thing = picker.noun_phrase(picker.noun("clothing ware"), DEFINITE, adjective=0.1)
    tense = picker.tense("now", "past")
    verb = verb_with_object(picker, tense, thing.noun, CHOOSING)
    main = replace(picker.clause(tense, verb=verb, adjuncts=0), object=thing)
    reason = being(pronoun_for(thing), picker.adjective(thing.noun), tense)
    return with_clause(main, BECAUSE, reason)


def thought(picker: Picker) -> Pair:
    """I hope that he will find the key. Ich hoffe, dass er den Schlüssel finden wird."""
    verb = picker.one(THINKING_VERBS)
    main = Clause(picker.subject(verb, DEFINITE), verb)
    tense = picker.tense("now", "now", "habit", "past", "future")
    modal = picker.modal() if picker.chance(0.2) else None
    clause = timed(picker, picker.clause("now" if modal else tense, modal=modal, adjuncts=0.2), 0.3)
    return with_clause(main, THAT, clause)


def doubt(picker: Picker) -> Pair:
    """We do not know whether she is working. Wir wissen nicht, ob sie arbeitet."""
    main = Clause(picker.subject(KNOW_THAT, DEFINITE), KNOW_THAT, negated=True)
    tense = picker.tense("now", "now", "habit", "past", "future")
    clause = timed(picker, picker.clause(tense, adjuncts=0.2), 0.3)
    return with_clause(main, WHETHER, clause)


def concession(picker: Picker) -> Pair:
    """Although he is sick, he is working. Obwohl er krank ist, arbeitet er."""
    subject, tense = somebody(picker), picker.tense("now", "past")
    first = being(subject, state(picker, subject), tense)
    second = picker.clause(tense, subject=pronoun_for(subject), adjuncts=0.2)
    return after_clause(ALTHOUGH, first, second)


def condition(picker: Picker) -> Pair:
    """If you are hungry, you can eat an apple. Wenn du hungrig bist, kannst du einen Apfel essen."""
    subject = somebody(picker)
    adjective, modal = state(picker, subject), picker.one((CAN, MUST, SHOULD))
    first = being(subject, adjective)
    verb = fitting_verb(picker, adjective, "modal")
    second = picker.clause(modal=modal, subject=pronoun_for(subject), verb=verb, adjuncts=0.2)
    return after_clause(IF, first, second)


def relative_of_the_subject(picker: Picker) -> Pair:
    """The man who is calling you is old. Der Mann, der dich anruft, ist alt."""
    noun = picker.noun("person")
    phrase = picker.noun_phrase(noun, (THE,), adjective=0)
    clause = picker.clause(picker.tense("now", "past"), subject=relative_pronoun(phrase), adjuncts=0.1)
    phrase = doer(phrase, clause)
    if picker.chance(0.5):
        main = being(phrase, picker.adjective(noun))
    else:
        main = Clause(picker.one((I_, YOU, WE, THEY)), picker.one((KNOW, SEE)), object=phrase)
    return pair(english_statement(main), german_statement(main), ".", main, clause)


def relative_of_the_object(picker: Picker) -> Pair:
    """The book that she is reading is long. Das Buch, das sie liest, ist lang."""
    tense = picker.tense("now", "past")
    noun = picker.noun("thing clothing food readable ware")
    phrase = picker.noun_phrase(noun, (THE,), adjective=0)
    clause = picker.clause(tense, verb=verb_with_object(picker, tense, noun), adjuncts=0)
    clause = replace(clause, object=phrase)
    main = being(thing_done(phrase, clause), picker.adjective(noun))
    return pair(english_statement(main), german_statement(main), ".", main, clause)


def purpose(picker: Picker) -> Pair:
    """I am going to the city to buy a hat. Ich gehe in die Stadt, um einen Hut zu kaufen."""
    tense = picker.tense("now", "past", "future")
    main = picker.clause(tense, frames=("goal",), adjuncts=0.1)
    verb = picker.verb("command", ("object", "recipient"))
    aim = picker.clause(subject=main.subject, verb=verb, adjuncts=0)
    return with_purpose(main, aim)


def search(picker: Picker) -> Pair:
    """I need the key, but I cannot find it. Ich brauche den Schlüssel, aber ich kann ihn nicht finden."""
    subject = somebody(picker)
    thing = picker.noun_phrase(picker.noun("thing clothing animal"), DEFINITE, adjective=0.3)
    first = Clause(subject, picker.one((LOOK_FOR, NEED)), object=thing)
    second = Clause(pronoun_for(subject), FIND, modal=CAN, object=pronoun_for(thing), negated=True)
    return side_by_side(first, BUT, second)


def neglect(picker: Picker) -> Pair:
    """I bought the hat, but I did not wear it. Ich habe den Hut gekauft, aber ich habe ihn nicht getragen."""
    subject, noun = somebody(picker), picker.noun("ware")
    thing = picker.own(subject, picker.noun_phrase(noun, DEFINITE, adjective=0.2))
    getting = verb_with_object(picker, "past", noun, GETTING)
    using = verb_with_object(picker, "past", noun, USING)
    first = Clause(subject, getting, "past", object=thing)
    second = Clause(pronoun_for(subject), using, "past", object=pronoun_for(thing), negated=True)
    return side_by_side(first, BUT, second)


def excess(picker: Picker) -> Pair:
    """I like the coat, but it is too long. Ich mag den Mantel, aber er ist zu lang."""
    noun = picker.one([noun for noun in nouns_with(LIKE.objects) if too_much(noun)])
    thing = picker.noun_phrase(noun, (THE, THE, THIS, *DEFINITE), adjective=0.2)
    first = replace(picker.clause(verb=LIKE), object=thing)
    complaint = being(pronoun_for(thing), picker.one(too_much(noun)), degree=("too", "zu"))
    return side_by_side(first, BUT, complaint)


def coordination(picker: Picker) -> Pair:
    """He is cooking and she is sleeping. Er kocht und sie schläft."""
    tense = picker.tense("now", "past", "future")
    first, second = (picker.clause(tense, adjuncts=0.1) for _ in range(2))
    return side_by_side(first, picker.one((AND, BUT)), second)
