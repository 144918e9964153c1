-- Counts a request in every window if all let it pass; see base.py's take.
-- KEYS: for every window its counter and that of the window before.
-- ARGV: penalty and counting as 0 or 1; for every window most, weight, milliseconds.
local penalty, counting = ARGV[1] == "1", ARGV[2] == "1"
local found = redis.call("MGET", unpack(KEYS))
local allowed = 1
local answer = {}
for i = 1, #KEYS, 2 do
  local current = tonumber(found[i] or 0)
  local previous = tonumber(found[i + 1] or 0)
  local at = 3 + (i - 1) / 2 * 3
  if current + previous * tonumber(ARGV[at + 1]) > tonumber(ARGV[at]) then
    allowed = 0
  end
  answer[i + 1], answer[i + 2] = current, previous
end
answer[1] = allowed
if allowed == 1 or penalty then
  for i = 1, #KEYS, 2 do
    answer[i + 1] = answer[i + 1] + 1
    if counting and redis.call("INCR", KEYS[i]) == 1 then
      redis.call("PEXPIRE", KEYS[i], ARGV[5 + (i - 1) / 2 * 3])
    end
  end
end
return answer
