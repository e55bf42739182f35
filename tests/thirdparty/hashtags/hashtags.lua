-- SPDX-License-Identifier: Apache-2.0
-- hashtags: marks hashtags in any script, and says which ones a document has, each once, in the order they first stand in.
-- Letters beyond ASCII belong to a tag; so does an underline, as people write tags of several words.
local most = tonumber(settings.most or 10)

-- Where a tag that begins with # at byte i ends, or nil.
local function tag_end(text, i)
  local _, j = text:find("^[%w_\x80-\xff]+", i + 1)
  return j
end

function process(doc)
  local text = doc:text()
  local seen, names = {}, {}
  local i = text:find("#", 1, true)
  while i do
    local j = tag_end(text, i)
    local stands_alone = i == 1 or not text:find("^[%w_&]", i - 1)
    if j and stands_alone then
      local name = fold(text:sub(i + 1, j))
      doc:add("hashtags.tag/1", { begin = i - 1, end_ = j, name = name })
      if not seen[name] and #names < most then
        seen[name] = true
        names[#names + 1] = name
      end
    end
    i = text:find("#", (j or i) + 1, true)
  end
  doc:set("hashtags", table.concat(names, " "))
end
