"""Cards that were done, how long that took, and those that became overdue: of the transitions of the boards alone."""

from collections import Counter, defaultdict
from datetime import datetime

from tables import rows


def milliseconds(text):
    """An instant as either database writes it."""
    text = text.replace(" ", "T").replace("Z", "+00:00")
    when = datetime.fromisoformat(text + ":00" if text[-3] in "+-" else text)
    return round(when.timestamp() * 1000)


def cards_of(place):
    """Of each board, how many cards are done and since when, and how long that took since they were first in an active column."""
    passages = rows(
        place,
        "SELECT t.board_id, t.card_id, coalesce(c.kind, ''), t.at FROM card_transitions t "
        "LEFT JOIN board_columns c ON c.id = t.to_column_id ORDER BY t.id",
    )
    courses, boards = defaultdict(list), {}
    for board, card, kind, at in passages:
        courses[card].append((kind, milliseconds(at)))
        boards[card] = board
    done, cycles = Counter(), Counter()
    for card, course in courses.items():
        since = None
        for kind, at in course:
            since = (since or at) if kind == "done" else None
        began = next((at for kind, at in course if kind == "active"), None)
        if since is not None:
            done[boards[card], since] += 1
        if since is not None and began is not None and began <= since:
            cycles[boards[card], since] += since - began
    return done, cycles, courses


def overdue_of(place, courses):
    """Due dates that had passed while their cards were open, or that have passed, and they are open now."""
    until = max(at for course in courses.values() for _, at in course)
    late = set()
    known = "SELECT c.id, c.due_at, c.rank IS NOT NULL AND p.archived_at IS NULL FROM cards c JOIN projects p ON p.id = c.project_id"
    for card, due_at, is_there in rows(place, known + " WHERE c.due_at IS NOT NULL"):
        due = milliseconds(due_at)
        before = [kind for kind, at in courses[card] if at <= due]
        then, now = before[-1] if before else "", courses[card][-1][0] if is_there in ("1", "t") else ""
        if due < until and {then, now} & {"backlog", "active"}:
            late.add((card, due))
    return late


def walk_cards(checks, place, facts):
    """What of cards are facts is what the transitions of the boards come to."""
    done, cycles, courses = cards_of(place)
    seen = {kind: Counter() for kind in ("card_done", "card_cycle")}
    for fact in facts:
        if fact.kind in seen:
            seen[fact.kind][fact.labels[0], fact.at] += fact.amount
    checks.equal({k: v for k, v in seen["card_done"].items() if v}, dict(done), "cards that are done, by board and instant")
    checks.equal({k: v for k, v in seen["card_cycle"].items() if v}, dict(cycles), "cycle times, by board and instant")
    late = {(card, int(at)) for card, at in rows(place, "SELECT object_id, at FROM analytics_facts WHERE kind = 'card_overdue'")}
    checks.equal(late, overdue_of(place, courses), "due dates that passed")
    checks.that(len(done) > 500 and len(late) > 20, "there is something to compare", f"{len(done)} done, {len(late)} late")
