// The line to the server: requests, and the event stream. EventSource would do for the latter if it could send
// a token without putting it into the address, where logs keep it.

export class Refused extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
    // What the next try may change; everything else stays refused however often it is sent.
    this.passing = status >= 500 || status === 429 || status === 408;
  }
}

// Asks the API; what it refuses is thrown.
export async function request(path, { token, ...options } = {}) {
  const headers = { ...options.headers };
  if (options.body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, { ...options, headers });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const retryAfter = Number(response.headers.get("Retry-After")) * 1000 || 0;
  throw new Refused(response.status, problem.detail ?? `HTTP ${response.status}`, retryAfter);
}

// The server-sent events of a response, until it ends.
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer += value.replaceAll("\r", "");
    const whole = buffer.split("\n\n");
    buffer = whole.pop();
    for (const event of whole) {
      const field = (name) =>
        event
          .split("\n")
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).trim())
          .join("\n");
      yield { kind: field("event"), data: field("data") };
    }
  }
}
