-- What `wrk` sends, and how it tells what came of it: one line of JSON on the standard error stream.
-- LOAD_METHOD, LOAD_BODY: the request. LOAD_DELAY: milliseconds between two requests of a connection. LOAD_COUNTS: count answers by
-- their status, which takes the one that makes the load longer.

wrk.method = os.getenv("LOAD_METHOD") or "GET"
wrk.body = os.getenv("LOAD_BODY")
if wrk.body then
  wrk.headers["Content-Type"] = "application/json"
end

local pause = tonumber(os.getenv("LOAD_DELAY") or "")
if pause then
  function delay()
    return pause
  end
end

limited, unavailable, other = 0, 0, 0
if os.getenv("LOAD_COUNTS") then
  function response(status)
    if status == 429 then
      limited = limited + 1
    elseif status == 503 then
      unavailable = unavailable + 1
    elseif status < 200 or status > 299 then
      other = other + 1
    end
  end
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function done(summary, latency)
  local errors = summary.errors
  local sum = function(name)
    local all = 0
    for _, thread in ipairs(threads) do
      all = all + (thread:get(name) or 0)
    end
    return all
  end
  io.stderr:write(string.format(
    '{"requests":%d,"seconds":%f,"p50":%f,"p95":%f,"p99":%f,"refused":%d,"broken":%d,"limited":%d,"unavailable":%d,"other":%d}\n',
    summary.requests,
    summary.duration / 1e6,
    latency:percentile(50) / 1e3,
    latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3,
    errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    sum("limited"),
    sum("unavailable"),
    sum("other")
  ))
end
