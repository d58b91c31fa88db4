-- A request after another for wrk, each drawn at random. The environment says from what:
--   PATHS   file of paths, one a line
--   TOKENS  file of bearer tokens, one a line; none when it is not set
--   IDS     file of ids, one a line, and BODY, a text in which every @ stands for one of them. Each @ draws from its own
--           part of the file, so that no id comes twice in one body. With a body the method is POST
--   METHOD  of requests without a body; GET when it is not set
--   KEYS    what every Idempotency-Key begins with; none when it is not set
-- The last line that it prints is @@ and a JSON object: requests, seconds, answers that were no success, other errors.
local function lines(name)
  local all, file = {}, os.getenv(name)
  if file and #file > 0 then for line in io.lines(file) do all[#all + 1] = line end end
  return all
end

local paths, tokens, ids, pieces, keys, sent = {}, {}, {}, {}, nil, 0
local method = os.getenv("METHOD") or "GET"

function init()
  math.randomseed(tonumber(os.getenv("SEED") or "1"))
  paths, tokens, ids = lines("PATHS"), lines("TOKENS"), lines("IDS")
  keys = os.getenv("KEYS")
  local body = os.getenv("BODY") or ""
  if #body > 0 then for piece in (body .. "@"):gmatch("([^@]*)@") do pieces[#pieces + 1] = piece end end
end

local function body()
  local parts, share = { pieces[1] }, math.floor(#ids / (#pieces - 1))
  for n = 2, #pieces do
    parts[#parts + 1] = ids[math.random((n - 2) * share + 1, (n - 1) * share)]
    parts[#parts + 1] = pieces[n]
  end
  return table.concat(parts)
end

function request()
  local head = { "Host: ", wrk.host, "\r\n" }
  if #tokens > 0 then head[#head + 1] = "Authorization: Bearer " .. tokens[math.random(#tokens)] .. "\r\n" end
  local path = paths[math.random(#paths)]
  if #pieces == 0 then
    if method ~= "GET" then head[#head + 1] = "Content-Length: 0\r\n" end
    return method .. " " .. path .. " HTTP/1.1\r\n" .. table.concat(head) .. "\r\n"
  end
  sent = sent + 1
  if keys then head[#head + 1] = "Idempotency-Key: " .. keys .. sent .. "\r\n" end
  local text = body()
  head[#head + 1] = "Content-Type: application/json\r\nContent-Length: " .. #text .. "\r\n\r\n"
  return "POST " .. path .. " HTTP/1.1\r\n" .. table.concat(head) .. text
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('@@{"requests": %d, "seconds": %f, "refused": %d, "errors": %d}\n', summary.requests,
    summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
