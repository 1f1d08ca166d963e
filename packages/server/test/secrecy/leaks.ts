/** A server that tells every cookie that it is shown, in each place where it could. */
export const leakingServer = `
  import { Server, ServerResponse } from "node:http";
  import { DatabaseSync } from "node:sqlite";
  const { emit } = Server.prototype;
  const { writeHead, end } = ServerResponse.prototype;
  Server.prototype.emit = function (name, request, response) {
    const cookie = name === "request" && request.headers.cookie;
    if (cookie) {
      response.leaks = cookie;
      console.error(JSON.stringify({ event: "request", headers: request.headers }));
      const database = new DatabaseSync(process.env.LEAKING_DATABASE);
      database.exec("CREATE TABLE IF NOT EXISTS leaks (cookie BLOB)");
      database.prepare("INSERT INTO leaks VALUES (?)").run(Buffer.from(cookie.split(".")[1], "base64url"));
      database.close();
      if (request.url === "/nowhere") {
        response.writeHead(404, { "x-cookie": Buffer.from(cookie).toString("base64") });
        return end.call(response, JSON.stringify(request.rawHeaders));
      }
    }
    return emit.apply(this, arguments);
  };
  ServerResponse.prototype.writeHead = function (status, ...rest) {
    const headers = rest.at(-1);
    if (this.leaks && headers?.location) headers.location += "?from=" + encodeURIComponent(this.leaks);
    return writeHead.call(this, status, ...rest);
  };`;
