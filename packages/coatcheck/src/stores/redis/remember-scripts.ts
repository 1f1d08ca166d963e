/**
 * The operations on remembered browsers as Redis sees them: one script each, on one slot. What a script may refuse it
 * refuses before its first write.
 */
import { keyScript } from "./key-script.ts";
import { type Script, script } from "./script.ts";

const shared = `${keyScript}
local function record_key(relative, id)
  return root_of(relative) .. "remember:" .. id
end

local function session_key(relative, session)
  return root_of(relative) .. "remember-session:" .. session
end

local function index_key(relative, user)
  return root_of(relative) .. "remember-user:" .. user
end

local function id_of(record)
  return string.sub(record, #root_of(record) + #"remember:" + 1)
end

-- Nil where there is no record, or something that was never ours.
local function read(record)
  local fields = redis.pcall("HGETALL", record)
  if fields.err or #fields == 0 then return nil end
  return fields
end

local function session_keys(record, ...)
  local keys = {}
  for i = 1, select("#", ...) do
    local session = select(i, ...)
    if session then table.insert(keys, session_key(record, session)) end
  end
  return keys
end

-- All other keys that a record has; what is damaged may lack some.
local function ways_to(record, fields)
  local ways = session_keys(record, field(fields, "session"), field(fields, "former"))
  local user = field(fields, "user")
  if user then table.insert(ways, index_key(record, user)) end
  return ways
end

local function remove(record, fields)
  redis.call("DEL", record, unpack(session_keys(record, field(fields, "session"), field(fields, "former"))))
  local user = field(fields, "user")
  if user then forget(index_key(record, user), { id_of(record) }) end
end

-- To be called after each write of a record: a key or a time to live that got lost is there again.
local function keep(record, index, sessions, expires, now)
  local lifetime = lifetime_until(expires, now)
  live_for(record, lifetime)
  for _, key in ipairs(sessions) do
    redis.call("SET", key, id_of(record), "PX", whole(lifetime))
  end
  list(index, id_of(record), expires, lifetime)
end

local function found_by(pointer)
  local id = redis.call("GET", pointer)
  if not id then return nil end
  local record = record_key(pointer, id)
  assert_together(pointer, { record })
  local fields = read(record)
  return fields and { id, fields }
end
`;

/**
 * - keys: record, index, those of its sessions
 * - arguments: now, expiry, fields and values
 * - answer: 1, or 0 where one of them is known
 */
export const insertScript: Script = script(`${shared}
local record, index = KEYS[1], KEYS[2]
local sessions = slice(KEYS, 3, #KEYS)
local now, expires = number(ARGV[1]), number(ARGV[2])
if redis.call("EXISTS", record, unpack(sessions)) > 0 then return 0 end

-- Records that died of themselves would stay in the index for as long as others come.
local ghosts = {}
for _, id in ipairs(redis.call("ZRANGEBYSCORE", index, "-inf", ARGV[1])) do
  if redis.call("EXISTS", record_key(index, id)) == 0 then table.insert(ghosts, id) end
end

redis.call("HSET", record, unpack(ARGV, 3))
keep(record, index, sessions, expires, now)
forget(index, ghosts)
return 1
`);

/**
 * - keys: record, with a new session that of it
 * - arguments: now, the expected revision, the new session or "", its use or "", the secret
 * - answer: 1, or 0 where nothing was changed
 */
export const updateScript: Script = script(`${shared}
local record, new_session = KEYS[1], KEYS[2]
local now, wanted, session, used_now, secret = unpack(ARGV)
local user, current, former, used, expires, revision =
  unpack(redis.call("HMGET", record, "user", "session", "former", "used", "expires", "secretRevision"))

if not user then return 0 end
if number(expires) <= number(now) then return 0 end
if number(revision) ~= number(wanted) then return 0 end
if new_session and redis.call("EXISTS", new_session) == 1 then return 0 end
if not current then error("a record in Redis is damaged") end

local index = index_key(record, user)
local sessions = session_keys(record, current, former)
assert_together(record, { index, unpack(sessions) })

local changes = { "secret", secret, "secretRevision", string.format("%.0f", number(revision) + 1) }
local function set(name, value)
  table.insert(changes, name)
  table.insert(changes, value)
end
if used_now ~= "" and number(used_now) > number(used) then set("used", used_now) end
if new_session then
  set("session", session)
  set("former", current)
end

redis.call("HSET", record, unpack(changes))
if new_session then
  if former then redis.call("DEL", session_key(record, former)) end
  sessions = session_keys(record, session, current)
end
keep(record, index, sessions, number(expires), number(now))
return 1
`);

/**
 * - keys: that of a session
 * - answer: id and fields, or nil
 */
export const findBySessionScript: Script = script(`${shared}
return found_by(KEYS[1])
`);

/**
 * - keys: index
 * - answer: a list of id, fields
 */
export const findByUserScript: Script = script(`${shared}
local index = KEYS[1]
local found, ghosts = {}, {}
for _, id in ipairs(listed_in(index, record_key)) do
  local fields = read(record_key(index, id))
  if fields then table.insert(found, { id, fields }) else table.insert(ghosts, id) end
end
forget(index, ghosts)
return found
`);

/**
 * - keys: record
 * - answer: id and the fields that it had, or nil
 */
export const deleteScript: Script = script(`${shared}
local record = KEYS[1]
local fields = read(record)
if not fields then return nil end
assert_together(record, ways_to(record, fields))
remove(record, fields)
return { id_of(record), fields }
`);

/**
 * - keys: that of a session
 * - answer: id and the fields that it had, or nil
 */
export const deleteBySessionScript: Script = script(`${shared}
local found = found_by(KEYS[1])
if not found then return nil end
local id, fields = unpack(found)
local record = record_key(KEYS[1], id)
assert_together(record, ways_to(record, fields))
remove(record, fields)
return found
`);

/**
 * - keys: index
 * - arguments: the session whose record is spared or ""
 * - answer: a list of id and the fields that it had
 */
export const deleteByUserScript: Script = script(`${shared}
local index = KEYS[1]
local spared = ARGV[1]
local leaving, ghosts = {}, {}
for _, id in ipairs(listed_in(index, record_key)) do
  local record = record_key(index, id)
  local fields = read(record)
  if not fields then
    table.insert(ghosts, id)
  elseif field(fields, "session") ~= spared then
    assert_together(record, ways_to(record, fields))
    table.insert(leaving, { id, fields })
  end
end
for _, each in ipairs(leaving) do remove(record_key(index, each[1]), each[2]) end
forget(index, ghosts)
return leaving
`);

/**
 * - keys: records, of any users on a single server, of one slot in a cluster
 * - arguments: now
 * - answer: how many had expired and were removed
 */
export const pruneScript: Script = script(`${shared}
local now = number(ARGV[1])
local removed = 0

-- What cannot be read is left to its time to live, and what is moving to the next walk.
local function prune(record)
  local fields = read(record)
  local expires = fields and tonumber(field(fields, "expires") or "")
  local user = fields and field(fields, "user")
  if not expires or not user or not field(fields, "session") then return end

  local index = index_key(record, user)
  local sessions = session_keys(record, field(fields, "session"), field(fields, "former"))
  if not pcall(assert_together, record, { index, unpack(sessions) }) then return end
  if expires <= now then
    remove(record, fields)
    removed = removed + 1
  elseif redis.call("EXISTS", unpack(sessions)) < #sessions or not redis.call("ZSCORE", index, id_of(record)) then
    keep(record, index, sessions, expires, now)
  end
end

for _, record in ipairs(KEYS) do prune(record) end
return removed
`);
