# The sign-in server: docker build -t coatcheck-server .
# How to run it: packages/server/README.md.

FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/coatcheck/package.json packages/coatcheck/
COPY packages/server/package.json packages/server/
# Exactly what the lockfile says. No package gets to run a script.
RUN npm ci --omit=dev --ignore-scripts --workspace=coatcheck-server

FROM node:26-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    COATCHECK_DATABASE=sqlite:/data/coatcheck.db
RUN install --directory --owner=node --group=node --mode=0700 /data
WORKDIR /app
# The files belong to root: what the server is made of, the server cannot change.
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
COPY packages/coatcheck/package.json packages/coatcheck/
COPY packages/coatcheck/src packages/coatcheck/src
COPY packages/server/package.json packages/server/
COPY packages/server/src packages/server/src
USER node
VOLUME /data
EXPOSE 3000
# There is no curl in the image.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell between: SIGTERM reaches the server, which finishes what it has begun. Commands follow the image's name.
ENTRYPOINT ["node", "/app/packages/server/src/main.ts"]
CMD ["serve"]
