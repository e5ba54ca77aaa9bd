"""A turn, an answer and the page after it, in one statement of SQL each.

The ORM needs six statements and builds a dozen objects for the same, which was two thirds of a turn's time.
Only what happens nearly always is here: an answer in turn that is not the last and gives no reason, by
somebody who holds a place in a study that takes answers and sends nobody away in the middle. `answer_in_turn`
declines all else, and leaves it to `record_answer`, its only caller. The database's constraints stand behind
both.
"""

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

# Whoever moves the participation on has answered: a second answer at the same moment waits for the row, then
# finds next_position changed, and is declined.
MOVE = """
    UPDATE survey_participation AS p
    SET next_position = p.next_position + 1, status = 'answering',
        active_at = %(now)s, last_answer_at = %(now)s
    FROM survey_study s, survey_plannedquestion q, survey_option o
    WHERE p.public_id = %(public_id)s AND p.next_position = %(position)s AND p.last_position > %(position)s
        AND p.status IN ('started', 'answering') AND p.screened_at IS NOT NULL
        AND s.id = p.study_id AND s.status IN ('open', 'paused') AND s.on_failed_checks = 'end'
        AND q.participation_id = p.id AND q.position = %(position)s
        AND o.question_id = q.question_id AND CAST(o.number AS text) = substr(q.option_order, %(place)s, 1)
"""
STORE = "INSERT INTO survey_answer (planned_id, option_id, reason, shown_at, answered_at) "
MOVE_AND_STORE = f"""
    WITH moved AS ({MOVE} RETURNING q.id AS planned_id, o.id AS option_id)
    {STORE} SELECT planned_id, option_id, '', %(shown_at)s, %(now)s FROM moved
"""
STORE_AFTER_MOVE = f"""
    {STORE} SELECT q.id, o.id, '', %(shown_at)s, %(now)s
    FROM survey_participation p, survey_plannedquestion q, survey_option o
    WHERE p.public_id = %(public_id)s AND q.participation_id = p.id AND q.position = %(position)s
        AND o.question_id = q.question_id AND CAST(o.number AS text) = substr(q.option_order, %(place)s, 1)
"""
SHOW = """
    SELECT p.status, p.next_position, p.last_position, p.language, p.simulated,
        s.id, s.status, s.seed, s.opened_at, q.position, q.question_id, q.option_order,
        a.option_id, a.planned_id IS NOT NULL
    FROM survey_participation p
    JOIN survey_study s ON s.id = p.study_id
    JOIN survey_plannedquestion q ON q.participation_id = p.id
    LEFT JOIN survey_answer a ON a.planned_id = q.id
    WHERE p.public_id = %s AND q.position IN (%s, %s)
    ORDER BY q.position
"""
TAKING = ("open", "paused")  # statuses of a study that stores answers of who has begun


def answer_in_turn(public_id, position, place, shown_at):
    """Stores the choice of the picture in this place, from 1, and moves the participation on; or neither.

    Says whether it did. What is stored is committed, unless a transaction is under way around this.
    """
    now = timezone.now()
    adapt = connection.ops.adapt_datetimefield_value
    values = {
        "public_id": public_id,
        "position": position,
        "place": place,
        "now": adapt(now),
        "shown_at": adapt(min(shown_at, now)),  # a clock may have been set back in between
    }
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(MOVE_AND_STORE, values)
            return cursor.rowcount == 1
    with transaction.atomic(), connection.cursor() as cursor:  # SQLite can't insert what an update gives
        cursor.execute(MOVE, values)
        if cursor.rowcount != 1:
            return False
        cursor.execute(STORE_AFTER_MOVE, values)
        return True


@dataclass(frozen=True)
class Turn:
    """One position of a participation as it stands now: enough to show its page. Positions as in the plan."""

    status: str
    next_position: int
    last_position: int
    language: str
    simulated: bool
    study_key: tuple  # for `frozen_study`
    study_takes_answers: bool
    position: int
    question_id: int
    option_order: str
    chosen_option_id: int | None  # None also where none of the pictures was chosen
    is_answered: bool
    following: tuple[int, str] | None  # question and order of options of the next position, if there is one

    @property
    def is_under_way(self):
        return self.status in ("started", "answering")

    @property
    def is_to_answer(self):
        """In turn, by somebody who may answer, or may once there is a free place again."""
        return self.position <= self.next_position and (self.is_under_way or self.status == "timed out")

    @classmethod
    def at(cls, public_id, position):
        """The turn at this position, None where there is none."""
        with connection.cursor() as cursor:
            cursor.execute(SHOW, [public_id, position, position + 1])
            row, *others = [*cursor.fetchall(), None]
        if row is None or row[9] != position:
            return None
        following = others[0] and others[0][10:12]
        return cls(
            *row[:4],
            bool(row[4]),
            (row[5], row[7], row[8]),
            row[6] in TAKING,
            *row[9:13],
            bool(row[13]),
            following,
        )
