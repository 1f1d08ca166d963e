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
import { lineCounts } from "./session-text.ts";

/** The pattern of Lua that takes so many lines as one. */
function linesOf(part: keyof typeof lineCounts): string {
  return `(${Array(lineCounts[part]).fill(String.raw`[^\n]*`).join(String.raw`\n`)})`;
}

const expiry = `
-- Nil where the text does not begin as a session.
local function expires_in(text)
  return tonumber(string.match(text, "^%[[^,]*,[^,]*,([%d.-]+),") or "")
end
`;

const shared = String.raw`${keyScript}
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
  local text = redis.pcall("GET", key)
  if type(text) ~= "string" or string.sub(text, 1, 1) ~= "[" then return nil end
  return text
end

-- Numbers, family, user, secret, authentication, data. Nil where it is damaged.
local function parts_of(text)
  local parts = '^%[([^\n]*)\n,"([^ "\n]*) ([^\n]*)"\n,${linesOf("secret")}\n,${linesOf("authentication")}\n,({.*})%]$'
  return string.match(text, parts)
end

-- Of one that may be damaged otherwise: it shall end nevertheless.
local function family_and_user(text)
  return string.match(text, '^[^\n]*\n,"([^ "\n]*) ([^\n]*)"')
end

-- When it began, was last seen and expires; the revisions of its secret and its data; the version of its data. As text.
local function numbers_in(text)
  local created, seen, expires, secret_revision, data_revision, data_version =
    string.match(text or "", "^([^,]+),([^,]+),([^,]+),([^,]+),([^,]+),([^,]+)$")
  if not created then error("a record in Redis is damaged") end
  return created, seen, expires, secret_revision, data_revision, data_version
end

-- An index or an entry that got lost is there again.
local function write(session, index, text, expires, now)
  local lifetime = lifetime_until(expires, now)
  redis.call("SET", session, text, "PX", whole(lifetime))
  list(index, id_of(session), expires, lifetime)
end

-- Turns a session into its tombstone. What is written first is allowed when the memory is full, and so is the rest of a
-- script that has begun to write. Never removes the key: where its slot is moving, it could not be written again.
local function bury(session, text, reason, told_until)
  local family = family_and_user(text)
  redis.call("PEXPIRE", session, ${tombstoneLifetime})
  local tombstone = '{"familyHash":"' .. (family or "") .. '","reason":"' .. reason .. '","until":' .. told_until .. "}"
  redis.call("SET", session, tombstone, "PX", ${tombstoneLifetime})
end
`;

/**
 * - keys: session, index
 * - arguments: now, expiry, limit or "", what to do at the limit, the replaced id or "", until when tombstones tell,
 *   the text
 * - answer: "duplicate", "limit", or a list of what ended: reason, id, text
 */
export const insertScript: Script = script(`${shared}
local session, index = KEYS[1], KEYS[2]
local now, expires, maximum, exceeded, replacing, told_until, text = unpack(ARGV)

if redis.call("EXISTS", session) == 1 then return "duplicate" end

local leaving, unlisted = {}, {}

local function leave(id, reason)
  local leaves = read(session_key(index, id))
  if leaves then table.insert(leaving, { reason, id, leaves }) end
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
      local stays = read(session_key(index, id))
      if stays then
        table.insert(sessions, { id = id, created = number(string.match(stays, "^%[([^,]*),") or "") })
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
  local reason, id, left = unpack(ended)
  bury(session_key(index, id), left, reason, told_until)
end
write(session, index, text, number(expires), number(now))
forget(index, unlisted)
return leaving
`);

/**
 * - keys: session
 * - arguments: now, the expected revisions of secret and data or "", the new last use and expiry or "", the new secret,
 *   authentication and version of the data or "", whether the data change ("1"), how many of their members are removed,
 *   the names of those, names and values of what is written
 * - answer: 1, or 0 where nothing was changed
 */
export const updateScript: Script = script(String.raw`${shared}
local session = KEYS[1]
local now, secret_wanted, data_wanted, seen_now, expires_now = unpack(ARGV, 1, 5)
local secret_now, authentication_now, version_now, data_changes, removed = unpack(ARGV, 6, 10)

local text = read(session)
if not text then return 0 end
local numbers, family, user, secret, authentication, data = parts_of(text)
local created, seen, expires, secret_revision, data_revision, data_version = numbers_in(numbers)
if number(expires) <= number(now) then return 0 end
if secret_wanted ~= "" and number(secret_revision) ~= number(secret_wanted) then return 0 end
if data_wanted ~= "" and number(data_revision) ~= number(data_wanted) then return 0 end

local index = index_key(session, user)
assert_together(session, { index })

local function next_revision(revision)
  return whole(number(revision) + 1)
end

-- The name of a member ends at the first quotation mark that is not escaped.
local function name_of(member)
  local at = 1
  repeat
    at = string.find(member, '["\\]', at + 1)
    if not at then error("a record in Redis is damaged") end
    local is_escape = string.sub(member, at, at) == "\\"
    if is_escape then at = at + 1 end
  until not is_escape
  return string.sub(member, 1, at)
end

local function members_of(object)
  local members, places = {}, {}
  for line in string.gmatch(string.sub(object, 2, -2), "[^\n]+") do
    local member = string.match(line, "^,?(.*)$")
    table.insert(members, member)
    places[name_of(member)] = #members
  end
  return members, places
end

-- What is new comes last.
local function merged(object, gone, written)
  local members, places = members_of(object)
  for i = 1, #written, 2 do
    local name = written[i]
    members[places[name] or #members + 1] = name .. ":" .. written[i + 1]
  end
  for _, name in ipairs(gone) do
    if places[name] then members[places[name]] = "" end
  end
  local left = {}
  for _, member in ipairs(members) do
    if member ~= "" then table.insert(left, member) end
  end
  return "{" .. table.concat(left, "\n,") .. "}"
end

if seen_now ~= "" and number(seen_now) > number(seen) then seen = seen_now end
if expires_now ~= "" and number(expires_now) > number(expires) then expires = expires_now end
if version_now ~= "" then data_version = version_now end
if authentication_now ~= "" then authentication = authentication_now end
if secret_now ~= "" then
  secret = secret_now
  secret_revision = next_revision(secret_revision)
end
if data_changes == "1" then
  data = merged(data, slice(ARGV, 11, 10 + removed), slice(ARGV, 11 + removed, #ARGV))
  data_revision = next_revision(data_revision)
end

numbers = table.concat({ created, seen, expires, secret_revision, data_revision, data_version }, ",")
local parts = { numbers, '"' .. family .. " " .. user .. '"', secret, authentication, data }
write(session, index, "[" .. table.concat(parts, "\n,") .. "]", number(expires), number(now))
return 1
`);

/**
 * - keys: session
 * - arguments: reason, until when the tombstone tells
 * - answer: the text, or nil where there was no session
 */
export const deleteScript: Script = script(`${shared}
local session = KEYS[1]
local reason, told_until = unpack(ARGV)
local text = read(session)
if not text then return nil end
local _, user = family_and_user(text)
local index = user and index_key(session, user)
if index then assert_together(session, { index }) end
bury(session, text, reason, told_until)
if index then forget(index, { id_of(session) }) end
return text
`);

/**
 * - keys: index
 * - answer: a list of id, text
 */
export const findByUserScript: Script = script(`${shared}
local index = KEYS[1]
local found, ghosts = {}, {}
for _, id in ipairs(listed_in(index, session_key)) do
  local text = read(session_key(index, id))
  if text then table.insert(found, { id, text }) else table.insert(ghosts, id) end
end
forget(index, ghosts)
return found
`);

/**
 * - keys: index
 * - arguments: the id that is spared or "", reason, until when tombstones tell
 * - answer: a list of id, text
 */
export const deleteByUserScript: Script = script(`${shared}
local index = KEYS[1]
local spared, reason, told_until = unpack(ARGV)
local ended, leaving = {}, {}
for _, id in ipairs(listed_in(index, session_key)) do
  if id ~= spared then
    local text = read(session_key(index, id))
    if text then table.insert(ended, { id, text }) end
    table.insert(leaving, id)
  end
end
for _, each in ipairs(ended) do
  local id, text = unpack(each)
  bury(session_key(index, id), text, reason, told_until)
end
forget(index, leaving)
return ended
`);

/**
 * - keys: sessions and tombstones, of any users on a single server, of one slot in a cluster
 * - arguments: now
 * - answer: a list of id, text: the expired sessions that were removed
 */
export const pruneScript: Script = script(`${shared}${expiry}
local now = number(ARGV[1])
local removed = {}

-- What cannot be read is left to its time to live, and what is moving to the next walk.
local function prune(session)
  local text = redis.pcall("GET", session)
  if type(text) ~= "string" then return end
  local told_until = tonumber(string.match(text, '^{.*"until":([%d.-]+)}$') or "")
  if told_until and told_until <= now then redis.call("DEL", session) end
  local expires, _, user = expires_in(text), family_and_user(text)
  if not expires or not user then return end

  local index, id = index_key(session, user), id_of(session)
  if not pcall(assert_together, session, { index }) then return end
  if expires <= now then
    table.insert(removed, { id, text })
    redis.call("DEL", session)
    forget(index, { id })
  elseif not redis.call("ZSCORE", index, id) then
    local lifetime = lifetime_until(expires, now)
    live_for(session, lifetime)
    list(index, id, expires, lifetime)
  end
end

for _, session in ipairs(KEYS) do prune(session) end
return removed
`);

export const countScript: Script = script(`${expiry}
local now = tonumber(ARGV[1])
local alive = 0
for _, session in ipairs(KEYS) do
  local text = redis.pcall("GET", session)
  local expires = type(text) == "string" and expires_in(text)
  if expires and expires > now then alive = alive + 1 end
end
return alive
`);
