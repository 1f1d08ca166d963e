/** A request that `fetch` would refuse to send, written byte by byte. */
import { once } from "node:events";
import { connect } from "node:net";

/** Sends the text and returns everything that comes back until the server closes or has answered. */
export async function rawRequest(origin: string, lines: readonly string[], body = ""): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.write(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n${body}`);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}
