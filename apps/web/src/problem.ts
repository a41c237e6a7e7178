/** Something the user should know: what happened, and the way on. */
export class Problem extends Error {
  constructor(
    readonly title: string,
    readonly remedy: string,
  ) {
    super(`${title} ${remedy}`);
  }
}

/** Any error as a title and a way on. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (/failed to fetch|networkerror|load failed/i.test(text)) {
    return new Problem(
      "A file of this page could not be loaded.",
      "Check the connection and try again; after one complete visit none is needed.",
    );
  }
  return new Problem("That did not work.", `${text} Try again, or reload the page.`);
}

/** What the browser says about a camera that does not open. */
export function cameraProblem(error: unknown): Problem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") {
    return new Problem(
      "The camera was refused.",
      "Allow it in the browser's address bar and try again, or open a photo.",
    );
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new Problem("No camera was found.", "Connect one and try again, or open a photo.");
  }
  if (name === "NotReadableError" || name === "AbortError") {
    return new Problem(
      "The camera is busy.",
      "Close the program that uses it and try again, or open a photo.",
    );
  }
  return asProblem(error);
}
