"""Carry the audio of one file into another, in step with the frames written."""

from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path

from pocketmatte.media.video_formats import VideoFormat
from pocketmatte.media.video_reader import audio_stream, file_origin, import_av, seek

_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
_OPUS_RATE = 48_000
_AAC_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000})


class AudioTrack:
    """The audio of `source`, from `start` to `end` seconds, added to an open output.

    The packets are copied when the format takes the codec, else decoded and encoded again.
    `pump` moves what belongs to the frames so far; nothing else is kept in memory.
    Use `AudioTrack.open`: it gives None when the source has no audio.
    """

    def __init__(self, source, stream, output, format: VideoFormat, start: Fraction, end):
        self._av = import_av()
        self._source, self._stream, self._output = source, stream, output
        self._start, self._end = start, end
        self._origin = file_origin(source)
        if start:
            seek(source, stream, start + self._origin)
        self._resampler = None
        if format.copies is None or stream.codec_context.name in format.copies:
            self._track = output.add_stream_from_template(stream)
            self._packets = self._copied()
        else:
            self._track = self._add_encoder(format.audio)
            self._packets = self._encoded()
        self._waiting = None

    @classmethod
    def open(cls, path: Path, output, format: VideoFormat, start, end) -> "AudioTrack | None":
        """Open the audio of a file, and add a track for it to `output`."""
        source = import_av().open(str(path))
        stream = audio_stream(source)
        if stream is None:
            source.close()
            return None
        return cls(source, stream, output, format, start, end)

    def pump(self, until: Fraction | None) -> None:
        """Write the audio up to a time in the output, in seconds; None writes all the rest."""
        while True:
            if self._waiting is None:
                self._waiting = next(self._packets, None)
                if self._waiting is None:
                    return
            time, packet = self._waiting
            if until is not None and time > until:
                return
            self._waiting = None
            self._output.mux(packet)

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _copied(self):
        tick = self._stream.time_base
        shift = round((self._origin + self._start) / tick)
        for packet in self._read():
            if packet.dts is None or packet.pts is None:
                continue
            packet.pts -= shift
            packet.dts -= shift
            time = packet.pts * tick
            # A packet of a cut piece may begin a little before the cut, but not be heard before.
            if self._start and time < 0:
                continue
            if self._end is not None and time >= self._end - self._start:
                return
            packet.stream = self._track
            yield time, packet

    def _encoded(self):
        context = self._track.codec_context
        rate = context.sample_rate
        count = 0
        length = None if self._end is None else round((self._end - self._start) * rate)
        for frame in chain(self._decoded(), [None]):
            for piece in self._resampler.resample(frame):
                if length is not None and count >= length:
                    continue
                piece.pts, piece.time_base = count + self._offset, Fraction(1, rate)
                count += piece.samples
                for packet in context.encode(piece):
                    yield Fraction(packet.pts or 0) * packet.time_base, self._on_track(packet)
        for packet in context.encode(None):
            yield Fraction(packet.pts or 0) * packet.time_base, self._on_track(packet)

    def _decoded(self):
        """Decoded frames that end after the start; sets the offset of the first one."""
        self._offset = None
        rate = self._track.codec_context.sample_rate
        for packet in chain(self._read(), [None]):
            with suppress(self._av.error.InvalidDataError):
                for frame in self._stream.codec_context.decode(packet):
                    time = Fraction(frame.pts or 0) * frame.time_base - self._origin - self._start
                    if self._offset is None:
                        if time + Fraction(frame.samples, frame.sample_rate) <= 0:
                            continue
                        self._offset = max(0, round(time * rate))
                    yield frame
        self._offset = self._offset or 0

    def _read(self):
        try:
            for packet in self._source.demux(self._stream):
                if packet.size:
                    yield packet
        except self._av.error.FFmpegError:
            return  # the pictures say what is wrong with a damaged file

    def _add_encoder(self, codec: str):
        given = self._stream.codec_context
        if codec == "libopus":
            rate = _OPUS_RATE
        else:
            rate = given.sample_rate if given.sample_rate in _AAC_RATES else 48_000
        track = self._output.add_stream(codec, rate=rate)
        track.codec_context.layout = _LAYOUTS.get(given.channels, "stereo")
        track.codec_context.bit_rate = 64_000 * max(2, track.codec_context.channels)
        track.codec_context.open()
        self._resampler = self._av.AudioResampler(
            format=track.codec_context.format,
            layout=track.codec_context.layout,
            rate=rate,
            frame_size=track.codec_context.frame_size or None,
        )
        return track

    def _on_track(self, packet):
        packet.stream = self._track
        return packet
