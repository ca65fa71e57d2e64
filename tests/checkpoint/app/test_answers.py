"""What the edge says when its disk fails: a stable code, and words in the officer's language."""

import asyncio
import json

import pytest
from starlette.requests import Request

from checkpoint.app.answers import refusing
from checkpoint.store.writer import CommitInDoubtError, DiskRefusedError, WriterStoppedError
from sync.agreement.labels_catalogue import load_catalogues

SAYS = {
    CommitInDoubtError: (503, "commit_in_doubt"),
    DiskRefusedError: (507, "disk_full"),
    WriterStoppedError: (503, "edge_stopping"),
}


@pytest.mark.parametrize("error", SAYS)
def test_each_failure_of_the_disk_has_a_code_and_words_in_every_language(error):
    async def endpoint(_request):
        raise error

    answer = asyncio.run(refusing(endpoint)(Request({"type": "http", "headers": []})))
    told = json.loads(answer.body)
    assert (answer.status_code, told["code"]) == SAYS[error]
    words = {language: catalogue.sections["refusal"] for language, catalogue in load_catalogues().items()}
    for language in ("vi", "en", "zh"):
        assert words[language][told["code"]]
        assert words[language][f"{told['code']}_do"]


def test_a_commit_in_doubt_never_says_that_nothing_was_saved():
    said = load_catalogues()["en"].sections["refusal"]
    assert "may be saved or not" in said["commit_in_doubt"]
    assert "counted twice" in said["commit_in_doubt_do"]
    assert "nothing was saved" in said["disk_full"]
