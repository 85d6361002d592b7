"""Everything that the triage decides of the learnt texts, one JSON line a text, in the form of the rules that the environment asks for."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from apps.triage import rules

CORPUS = Path(__file__).parent / "corpus"
PARTS = ("tuning", "growth")
RECORD = rules.Context(
    days_since_infusion=1,
    recent_items=("fever",),
    last_answer=2,
    usual_reporter="caregiver",
    phone_answered_before=True,
    open_items=("fever",),
)


def main() -> None:
    sys.stdout.write(f"{rules.FORM}\n")
    for path in sorted(path for part in PARTS for path in (CORPUS / part).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            said = [
                asdict(rules.assess(row["text"])),
                asdict(rules.assess(row["text"], sender="caregiver", context=RECORD)),
            ]
            sys.stdout.write(json.dumps([path.stem, row["id"], said]) + "\n")


if __name__ == "__main__":
    main()
