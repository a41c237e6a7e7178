import { cameraProblem, Problem } from "../problem";

export interface Camera {
  video: HTMLVideoElement;
  id: string;
  /** Called once when the camera is unplugged or taken away. */
  onEnd: (() => void) | null;
  stop(): void;
}

/** Opens a camera at about 1280x720. Raises Problem. */
export async function openCamera(id: string, facing: "user" | "environment"): Promise<Camera> {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Problem(
      "This page may not use a camera here.",
      "Browsers allow it on https addresses and on localhost only. Open a photo instead.",
    );
  }
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  const wanted = id ? { deviceId: { ideal: id } } : { facingMode: { ideal: facing } };
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { ...size, ...wanted } });
  } catch (error) {
    throw cameraProblem(error);
  }
  const [track] = stream.getVideoTracks();
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  video.srcObject = stream;
  const camera: Camera = {
    video,
    id: track.getSettings().deviceId ?? "",
    onEnd: null,
    stop() {
      camera.onEnd = null;
      track.stop();
      video.srcObject = null;
    },
  };
  track.addEventListener("ended", () => camera.onEnd?.());
  try {
    await video.play();
  } catch (error) {
    camera.stop();
    throw cameraProblem(error);
  }
  return camera;
}

export interface Choice {
  id: string;
  label: string;
}

export async function listCameras(): Promise<Choice[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices
    .filter((device) => device.kind === "videoinput" && device.deviceId)
    .map((device, index) => ({ id: device.deviceId, label: device.label || `Camera ${index + 1}` }));
}

/** The next new frame of a video; resolves with false when none comes for a while. */
export function nextFrame(video: HTMLVideoElement, patience = 500): Promise<boolean> {
  return new Promise((done) => {
    const calls = "requestVideoFrameCallback" in video;
    const timer = setTimeout(() => {
      // else they pile up in a tab that nobody sees
      if (calls) video.cancelVideoFrameCallback(waiting);
      else cancelAnimationFrame(waiting);
      done(false);
    }, patience);
    const come = () => {
      clearTimeout(timer);
      done(true);
    };
    const waiting = calls ? video.requestVideoFrameCallback(come) : requestAnimationFrame(come);
  });
}
