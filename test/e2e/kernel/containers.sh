# Runs the agent's containers in the guest and judges each by what the agent's page and log say. Sourced by init.

zone=/sys/devices/virtual/powercap/intel-rapl/intel-rapl
# The container's root is the guest's own, bound to a place where runc may make it read-only.
mount --bind / /box

page() { wget -q -O - "http://127.0.0.1:9880/$1" 2>/dev/null; }

# eventually <seconds> <command...>
eventually() {
  local left=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    usleep 200000
  done
}

fail() {
  echo "  $*"
  failed=1
}

page_says() { page debug/state | grep -q -i -e "$1"; }
said() { grep -q -i -e "$1" /tmp/agent.log || page_says "$1"; }
alive() { [ "$(page livez)" != "" ]; }
limits() { cat "$zone:0/constraint_0_power_limit_uw" "$zone:1/constraint_0_power_limit_uw" | tr '\n' ' '; }
# Both packages together inside what CONFIGURATION allows, 160 W.
capped() { limits | awk '{ exit !($1 > 0 && $2 > 0 && $1 + $2 <= 160000000) }'; }
# A child that has ended is a zombie until it is waited for.
ended() { ! grep -q 'State:.[RSD]' "/proc/$container/status"; }
limit_is() { [ "$(cat "$zone:$1/constraint_0_power_limit_uw")" = "$2" ]; }

begin() {
  failed=0
  rm -rf /run/headroom/* /var/lib/headroom/* /run/configuration
  cp -r "/boxes/$1/configuration" /run/configuration
  insmod /lib/headroom_rapl.ko
  runc run --no-pivot --bundle "/boxes/$1" agent >/tmp/agent.log 2>&1 &
  container=$!
  eventually 30 alive || fail "the agent does not answer: $(tail -n 5 /tmp/agent.log)"
}

# What the originals are, by the agent's page: of both packages as the module's firmware left them.
originals_known() { [ "$(page debug/state | grep -c '"originalWatts": 125.0')" = 2 ]; }
# powercap's source never gives more than MAX_SOURCE, 140 W for all packages, nor less than 40 % of the smallest original.
as_powercap() { limits | awk '{ exit !($1 + $2 >= 49000000 && $1 + $2 <= 140000000) }'; }

# The agent ends as told, within its time, with status 0.
end() {
  if ! ended; then
    runc kill agent TERM
    wait "$container" || fail "the agent ended with $?"
  else
    fail "the agent did not stay up: $(tail -n 5 /tmp/agent.log)"
  fi
  [ -n "$(lsmod | grep headroom_rapl)" ] && rmmod headroom_rapl
  [ "$failed" = 0 ] || sed 's/^/  | /' /tmp/agent.log | tail -n 30
  if [ "$failed" = 0 ]; then echo "$1: ok"; else echo "$1: FAILED"; fi
}

# What must hold in every container that cannot write: it observes, says why, and the limits are as they were.
cannot_write() {
  eventually 20 said "$1" || fail "no hint that says: $1"
  page metrics | grep -q '^rapl_agent_' || fail "no metrics"
  limit_is 0 125000000 || fail "the limit was changed"
  limit_is 1 125000000 || fail "the limit was changed"
}

run_case() {
  case "$1" in
    Fault_eacces_open_container)
      begin "$1"
      cannot_write 'user 0\|uid 0\|runAsUser'
      end "$1"
      ;;
    Fault_erofs_mount_container)
      begin "$1"
      cannot_write 'read-only'
      end "$1"
      ;;
    Fault_masked_powercap_container)
      begin "$1"
      cannot_write '/host/powercap'
      end "$1"
      ;;
    Fault_user_namespace_container)
      begin "$1"
      cannot_write 'hostUsers'
      end "$1"
      ;;
    Fault_unload_driver_container)
      # The DaemonSet as deployed: no capability, not privileged, and the limits are written.
      begin "$1"
      eventually 30 capped || fail "the limits are $(limits)"
      grep CapEff "/proc/$(pidof rapl-agent)/status" | grep -q 0000000000000000 || fail "it has capabilities"
      rmmod headroom_rapl
      eventually 20 page_says LOST || fail "the loss is not reported"
      # The old mount shows nothing for ever: the agent ends once to get a new one, as a kubelet gives it.
      insmod /lib/headroom_rapl.ko disabled=3
      eventually 60 ended || fail "the agent did not end for a new mount"
      wait "$container"
      [ $? = 75 ] || fail "the agent ended otherwise than for a new mount"
      runc delete -f agent 2>/dev/null
      runc run --no-pivot --bundle "/boxes/$1" agent >>/tmp/agent.log 2>&1 &
      container=$!
      eventually 60 capped || fail "not capped again: $(limits)"
      eventually 20 grep -q 1 "$zone:0/enabled" || fail "not enabled again"
      eventually 20 grep -q 1 "$zone:1/enabled" || fail "not enabled again"
      end "$1"
      ;;
    Fault_sigkill_then_restart_drop_in)
      # powercap's own DaemonSet: privileged, its environment, nothing of the kernel but powercap at its own path.
      begin "$1"
      eventually 30 as_powercap || fail "the limits are $(limits)"
      originals_known || fail "the originals are not told: $(page debug/state | grep originalWatts)"
      limits >/tmp/before
      kill -9 "$(pidof powercap)"
      wait "$container"
      runc delete -f agent 2>/dev/null
      limits | cmp -s - /tmp/before || fail "the kill changed the limits: $(limits)"
      runc run --no-pivot --bundle "/boxes/$1" agent >>/tmp/agent.log 2>&1 &
      container=$!
      eventually 30 alive || fail "the agent does not answer: $(tail -n 5 /tmp/agent.log)"
      # Were a cap taken for an original, the floor and with it the cap would be far lower from now on.
      eventually 20 originals_known || fail "the originals are lost: $(page debug/state | grep originalWatts)"
      eventually 20 as_powercap || fail "after the restart the limits are $(limits)"
      end "$1"
      ;;
  esac
}
