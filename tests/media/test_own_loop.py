"""The loop in docs/video.md does what `matte_video` does."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from pocketmatte.media.video import matte_video
from pocketmatte.media.video_reader import VideoReader

pytest.importorskip("av")
DOCS = Path(__file__).parents[2] / "docs" / "video.md"


def test_the_loop_of_the_docs_runs(make_clip, tmp_path, monkeypatch):
    code = re.search(r"## Write your own loop\s+```python\n(.+?)```", DOCS.read_text(), re.S)[1]
    make_clip("talk.mp4", size=(96, 64), frames=4, gaps=(1, 2))
    beach = np.full((64, 96, 3), (90, 160, 220), np.uint8)
    cv2.imwrite(str(tmp_path / "beach.jpg"), beach)
    monkeypatch.chdir(tmp_path)

    exec(compile(code, "docs/video.md", "exec"), {})

    matte_video("talk.mp4", "other.mp4", background="beach.jpg")
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    with VideoReader("new.mp4") as new, VideoReader("other.mp4") as other:
        for one, two in zip(new, other, strict=True):
            assert one.time == two.time
            assert np.abs(one.image.astype(int) - two.image).max() < 12
            # there is nobody in the clip
            assert np.abs(one.image.astype(int) - beach[..., ::-1]).max() < 12
