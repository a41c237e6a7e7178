"""Metadata inside a LiteRT file: a JSON buffer called `pocketmatte`."""

from __future__ import annotations

import json
from collections.abc import Mapping

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

NAME = b"pocketmatte"


def write_notes(data: bytes, notes: Mapping[str, str]) -> bytes:
    """The file with `notes` in it, as the metadata entry that apps find under `NAME`."""
    model = schema.ModelT.InitFromPackedBuf(data)
    for buffer in model.buffers:
        if buffer.offset > 1:  # weights that the quantiser put behind the flatbuffer
            rest = data[buffer.offset : buffer.offset + buffer.size]
            buffer.data, buffer.offset, buffer.size = np.frombuffer(rest, np.uint8), 0, 0
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(json.dumps(dict(notes)).encode(), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def read_notes(data: bytes) -> dict[str, str]:
    """What `write_notes` wrote; empty for a file without."""
    model = schema.ModelT.InitFromPackedBuf(data)
    for entry in model.metadata or []:
        if entry.name == NAME:
            return json.loads(bytes(model.buffers[entry.buffer].data))
    return {}
