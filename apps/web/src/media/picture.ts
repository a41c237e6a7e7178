import { fit, type Size } from "../matting/grid";
import { Problem } from "../problem";

export interface Picture {
  bitmap: ImageBitmap;
  size: Size;
  /** Size of the file's picture if it had to be reduced. */
  reducedFrom: Size | null;
}

const MOST_PIXELS = 24e6;

/** Decodes a photo, turned upright; huge ones are reduced. Raises Problem. */
export async function openPicture(file: Blob, longest: number, most = MOST_PIXELS): Promise<Picture> {
  const name = file instanceof File && file.name ? file.name : "The picture";
  if (file.type && !file.type.startsWith("image/")) {
    throw new Problem(`${name} is not a picture.`, "Open a JPEG, PNG, WebP or AVIF file.");
  }
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Problem(
      `${name} cannot be read as a picture.`,
      "It may be damaged, too large, or of a kind that this browser does not know. " +
        "Open a JPEG, PNG, WebP or AVIF file.",
    );
  }
  const whole = { height: bitmap.height, width: bitmap.width };
  const scale = Math.min(
    1,
    longest / Math.max(whole.height, whole.width),
    Math.sqrt(most / (whole.height * whole.width)),
  );
  if (scale === 1) return { bitmap, size: whole, reducedFrom: null };
  const size = fit(whole, scale);
  const smaller = await createImageBitmap(bitmap, {
    resizeHeight: size.height,
    resizeWidth: size.width,
    resizeQuality: "high",
  });
  bitmap.close();
  return { bitmap: smaller, size, reducedFrom: whole };
}

/** A silent, endless video from a file. Raises Problem. */
export async function openVideo(file: Blob): Promise<HTMLVideoElement> {
  const video = document.createElement("video");
  video.muted = video.loop = video.playsInline = true;
  video.src = URL.createObjectURL(file);
  try {
    await video.play();
  } catch {
    URL.revokeObjectURL(video.src);
    throw new Problem(
      "That video cannot be played.",
      "Choose one that this browser knows: MP4 (H.264) or WebM.",
    );
  }
  return video;
}
