-- What wrk sends and how it reports; arguments after `--`: method, file of the body or "-", file of the expected answer
-- or "-". With an expected answer every body is compared; without, only wrk's own counts are reported.
-- The report is one line of JSON after the marker.
local expected
local threads = {}
mismatches = 0

local function read(path)
  if path == "-" then return nil end
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  wrk.method = args[1]
  wrk.body = read(args[2])
  if wrk.body then wrk.headers["Content-Type"] = "application/json" end
  expected = read(args[3])
  if not expected then return end
  response = function(status, headers, body)
    if body ~= expected then mismatches = mismatches + 1 end
  end
end

function done(summary, latency, requests)
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("mismatches") end
  local errors = summary.errors
  io.write(string.format(
    'report {"requests":%d,"micros":%d,"bytes":%d,"p50Micros":%d,"p99Micros":%d,"badStatus":%d,"socketErrors":%d,"timeouts":%d,"wrongBodies":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write, errors.timeout, wrong))
end
