-- The health of every kind of jitops.dev, for ArgoCD (docs/gitops.md says where to put it).
-- ArgoCD runs it in Lua 5.1 with only the base library, and passes the resource as `obj`.

local function condition(type)
  local status = obj.status or {}
  for _, one in ipairs(status.conditions or {}) do
    if one.type == type then
      return one
    end
  end
  return {}
end

local function is_true(type)
  return condition(type).status == "True"
end

local function says(status, message)
  return { status = status, message = message }
end

local ready = condition("Ready")

if obj.metadata.deletionTimestamp ~= nil then
  return says("Progressing", ready.message or "is being deleted")
end
if condition("Synced").reason == "ReconcilePaused" then
  return says("Suspended", condition("Synced").message)
end
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return says("Progressing", "waits for reconciliation")
end
if is_true("Reconciling") then
  return says("Progressing", condition("Reconciling").message)
end
if is_true("Stalled") and ready.reason == "ManualActionRequired" then
  return says("Suspended", ready.message)
end
if is_true("Stalled") then
  return says("Degraded", condition("Stalled").message)
end
if ready.status == "True" then
  return says("Healthy", ready.message)
end
return says("Progressing", ready.message or "waits for reconciliation")
