/** What the scripts begin with that keep records of a user, and an index of them, in one slot. */

/**
 * How long Redis keeps a record that has expired, in milliseconds: 1 hour. Until then its owner is told that it
 * expired, and pruning finds it and tells of its end.
 */
const expiredLifetime = 60 * 60_000;

export const keyScript: string = `
local function root_of(key)
  return string.match(key, "^[^{]*{[^}]*}:")
end

local function number(text)
  local value = tonumber(text)
  if not value or value ~= value then error("a record in Redis is damaged") end
  return value
end

local function slice(list, first, last)
  local part = {}
  for i = first, last do part[#part + 1] = list[i] end
  return part
end

-- Lua takes no more than about 8000 arguments at once.
local function in_parts(list, act)
  for from = 1, #list, 1000 do
    act(unpack(list, from, math.min(from + 999, #list)))
  end
end

-- While a slot of a cluster moves, its keys are on two servers. Asked for several keys at once, a server refuses then,
-- instead of finding some of them missing.
local function assert_together(key, others)
  in_parts(others, function(...) redis.call("EXISTS", key, ...) end)
end

local function field(fields, name)
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
end

-- A number as Redis takes it.
local function whole(number)
  return string.format("%.0f", math.ceil(number))
end

local function live_for(key, milliseconds)
  redis.call("PEXPIRE", key, whole(milliseconds))
end

local function lifetime_until(expires, now)
  return math.max(expires - now, 0) + ${expiredLifetime}
end

-- The ids in an index. key_of names what they stand for.
local function listed_in(index, key_of)
  local ids = redis.call("ZRANGE", index, 0, -1)
  local keys = {}
  for i, id in ipairs(ids) do keys[i] = key_of(index, id) end
  assert_together(index, keys)
  return ids
end

-- The index lives as long as the longest of those it lists.
local function list(index, id, expires, lifetime)
  redis.call("ZADD", index, string.format("%.17g", expires), id)
  if redis.call("PTTL", index) < lifetime then live_for(index, lifetime) end
end

local function forget(index, ids)
  in_parts(ids, function(...) redis.call("ZREM", index, ...) end)
end
`;
