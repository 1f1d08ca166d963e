/**
 * The operations as Redis sees them: one Lua script each, which nobody else's command comes between. What a script may
 * refuse it refuses before its first write, since Redis undoes nothing.
 *
 * A script names one or two keys and finds the others from them: the sessions in an index, the index of a session. All
 * of them have the same routing tag, and so are in the same slot of a cluster.
 */
import { tombstoneLifetime } from "../../core/store.ts";
import { keyScript } from "./key-script.ts";
import { type Script, script } from "./script.ts";

const shared = `${keyScript}
local function session_key(relative, id)
  return root_of(relative) .. "session:" .. id
end

local function index_key(relative, user)
  return root_of(relative) .. "user:" .. user
end

local function id_of(session)
  return string.sub(session, #root_of(session) + #"session:" + 1)
end

-- Nil where there is no session: nothing, a tombstone, or something that was never ours.
local function read(key)
  local fields = redis.pcall("HGETALL", key)
  if fields.err or #fields == 0 or field(fields, "reason") then return nil end
  return fields
end

-- When it began, was last seen and expires; the revisions of its secret and its data; the version of its data. As text.
local function numbers_in(text)
  local created, seen, expires, secret_revision, data_revision, data_version =
    string.match(text, "^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$")
  if not created then error("a record in Redis is damaged") end
  return created, seen, expires, secret_revision, data_revision, data_version
end

-- To be called after each write of a session: an index or a time to live that got lost is there again.
local function keep(session, index, expires, now)
  local lifetime = lifetime_until(expires, now)
  live_for(session, lifetime)
  list(index, id_of(session), expires, lifetime)
end

-- Turns a session into its tombstone. Removes fields first: that is allowed when the memory is full, and so is the rest
-- of a script that has begun to write. Never removes the key: where its slot is moving, it could not be written again.
local function bury(session, fields, reason, told_until)
  local others = {}
  for i = 1, #fields, 2 do
    if fields[i] ~= "family" then table.insert(others, fields[i]) end
  end
  if not field(fields, "family") then redis.call("HSET", session, "family", "") end
  in_parts(others, function(...) redis.call("HDEL", session, ...) end)
  redis.call("HSET", session, "reason", reason, "until", told_until)
  redis.call("PEXPIRE", session, ${tombstoneLifetime})
end
`;

/**
 * - keys: session, index
 * - arguments: now, expiry, limit or "", what to do at the limit, the replaced id or "", until when tombstones tell,
 *   fields and values
 * - answer: "duplicate", "limit", or a list of what ended: reason, id, fields
 */
export const insertScript: Script = script(`${shared}
local session, index = KEYS[1], KEYS[2]
local now, expires, maximum, exceeded, replacing, told_until = unpack(ARGV, 1, 6)

if redis.call("EXISTS", session) == 1 then return "duplicate" end

local leaving, unlisted = {}, {}

local function leave(id, reason)
  local fields = read(session_key(index, id))
  if fields then table.insert(leaving, { reason, id, fields }) end
  table.insert(unlisted, id)
end

-- As JavaScript compares: the order of "<" depends on the server's locale.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    local left, right = string.byte(a, i), string.byte(b, i)
    if left ~= right then return left < right end
  end
  return #a < #b
end

local function is_older(a, b)
  if a.created ~= b.created then return a.created < b.created end
  return precedes(a.id, b.id)
end

local function staying()
  local sessions = {}
  for _, id in ipairs(redis.call("ZRANGEBYSCORE", index, "(" .. now, "+inf")) do
    if id ~= replacing then
      local numbers = redis.pcall("HGET", session_key(index, id), "numbers")
      if type(numbers) == "string" then
        table.insert(sessions, { id = id, created = number((numbers_in(numbers))) })
      else
        table.insert(unlisted, id)
      end
    end
  end
  table.sort(sessions, is_older)
  return sessions
end

if maximum ~= "" then
  for _, id in ipairs(redis.call("ZRANGEBYSCORE", index, "-inf", now)) do leave(id, "expired") end
  local deadline = redis.call("ZSCORE", index, replacing)
  if deadline and number(deadline) > number(now) then leave(replacing, "replaced") end
  if redis.call("ZCARD", index) - #unlisted + 1 > number(maximum) then
    local sessions = staying()
    local too_many = #sessions + 1 - number(maximum)
    if too_many > 0 and exceeded == "refuse" then return "limit" end
    for i = 1, too_many do leave(sessions[i].id, "evicted") end
  end
end

for _, ended in ipairs(leaving) do
  local reason, id, fields = unpack(ended)
  bury(session_key(index, id), fields, reason, told_until)
end
in_parts(slice(ARGV, 7, #ARGV), function(...) redis.call("HSET", session, ...) end)
keep(session, index, number(expires), number(now))
forget(index, unlisted)
return leaving
`);

/**
 * - keys: session
 * - arguments: now, the expected revisions of secret and data or "", the new last use and expiry or "", whether secret
 *   and data advance ("1"), the new version of the data or "", how many fields are removed, their names, fields and
 *   values
 * - answer: 1, or 0 where nothing was changed
 */
export const updateScript: Script = script(`${shared}
local session = KEYS[1]
local now, secret_wanted, data_wanted, seen_now, expires_now, secret_changes, data_changes, version_now, removed =
  unpack(ARGV, 1, 9)
local user, numbers = unpack(redis.call("HMGET", session, "user", "numbers"))

if not user then return 0 end
local created, seen, expires, secret_revision, data_revision, data_version = numbers_in(numbers or "")
if number(expires) <= number(now) then return 0 end
if secret_wanted ~= "" and number(secret_revision) ~= number(secret_wanted) then return 0 end
if data_wanted ~= "" and number(data_revision) ~= number(data_wanted) then return 0 end

local index = index_key(session, user)
assert_together(session, { index })

local function next_revision(revision)
  return string.format("%.0f", number(revision) + 1)
end
if seen_now ~= "" and number(seen_now) > number(seen) then seen = seen_now end
if expires_now ~= "" and number(expires_now) > number(expires) then expires = expires_now end
if secret_changes == "1" then secret_revision = next_revision(secret_revision) end
if data_changes == "1" then data_revision = next_revision(data_revision) end
if version_now ~= "" then data_version = version_now end

local changes = slice(ARGV, 10 + removed, #ARGV)
table.insert(changes, "numbers")
table.insert(changes, table.concat({ created, seen, expires, secret_revision, data_revision, data_version }, " "))
in_parts(changes, function(...) redis.call("HSET", session, ...) end)
in_parts(slice(ARGV, 10, 9 + removed), function(...) redis.call("HDEL", session, ...) end)
keep(session, index, number(expires), number(now))
return 1
`);

/**
 * - keys: session
 * - arguments: reason, until when the tombstone tells
 * - answer: the fields, or nil where there was no session
 */
export const deleteScript: Script = script(`${shared}
local session = KEYS[1]
local reason, told_until = unpack(ARGV)
local fields = read(session)
if not fields then return nil end
local user = field(fields, "user")
local index = user and index_key(session, user)
if index then assert_together(session, { index }) end
bury(session, fields, reason, told_until)
if index then forget(index, { id_of(session) }) end
return fields
`);

/**
 * - keys: index
 * - answer: a list of id, fields
 */
export const findByUserScript: Script = script(`${shared}
local index = KEYS[1]
local found, ghosts = {}, {}
for _, id in ipairs(listed_in(index, session_key)) do
  local fields = read(session_key(index, id))
  if fields then table.insert(found, { id, fields }) else table.insert(ghosts, id) end
end
forget(index, ghosts)
return found
`);

/**
 * - keys: index
 * - arguments: the id that is spared or "", reason, until when tombstones tell
 * - answer: a list of id, fields
 */
export const deleteByUserScript: Script = script(`${shared}
local index = KEYS[1]
local spared, reason, told_until = unpack(ARGV)
local ended, leaving = {}, {}
for _, id in ipairs(listed_in(index, session_key)) do
  if id ~= spared then
    local fields = read(session_key(index, id))
    if fields then table.insert(ended, { id, fields }) end
    table.insert(leaving, id)
  end
end
for _, each in ipairs(ended) do
  local id, fields = unpack(each)
  bury(session_key(index, id), fields, reason, told_until)
end
forget(index, leaving)
return ended
`);

/**
 * - keys: sessions and tombstones, of any users on a single server, of one slot in a cluster
 * - arguments: now
 * - answer: a list of id, fields: the expired sessions that were removed
 */
export const pruneScript: Script = script(`${shared}
local now = number(ARGV[1])
local removed = {}

-- What cannot be read is left to its time to live, and what is moving to the next walk.
local function prune(session)
  local facts = redis.pcall("HMGET", session, "until", "numbers", "user")
  if facts.err then return end
  local told_until, user = tonumber(facts[1] or ""), facts[3]
  local expires = tonumber(string.match(facts[2] or "", "^%S+ %S+ (%S+) ") or "")
  if told_until and told_until <= now then redis.call("DEL", session) end
  if not expires or not user then return end

  local index, id = index_key(session, user), id_of(session)
  if not pcall(assert_together, session, { index }) then return end
  if expires <= now then
    table.insert(removed, { id, redis.call("HGETALL", session) })
    redis.call("DEL", session)
    forget(index, { id })
  elseif not redis.call("ZSCORE", index, id) then
    keep(session, index, expires, now)
  end
end

for _, session in ipairs(KEYS) do prune(session) end
return removed
`);
