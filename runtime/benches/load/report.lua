-- What `wrk` sends, and how it tells what came of it: one line of JSON on the standard error stream.
-- LOAD_METHOD, LOAD_BODY: the request. LOAD_DELAY: milliseconds between two requests of a connection.

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

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"seconds":%f,"p50":%f,"p95":%f,"p99":%f,"refused":%d,"broken":%d}\n',
    summary.requests,
    summary.duration / 1e6,
    latency:percentile(50) / 1e3,
    latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3,
    errors.status,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
