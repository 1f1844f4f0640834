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
limit_is() { [ "$(cat "$zone:$1/constraint_0_power_limit_uw")" = "$2" ]; }

begin() {
  failed=0
  rm -rf /run/headroom/* /var/lib/headroom/*
  insmod /lib/headroom_rapl.ko "${2:-psys=0}"
  runc run --no-pivot --bundle "/boxes/$1" agent >/tmp/agent.log 2>&1 &
  container=$!
  eventually 30 alive || fail "the agent does not answer: $(tail -n 5 /tmp/agent.log)"
}

# The agent ends as told, within its time, with status 0.
end() {
  if kill -0 "$container" 2>/dev/null; then
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
      eventually 30 limit_is 0 80000000 || fail "the limit is $(cat "$zone:0/constraint_0_power_limit_uw")"
      eventually 10 limit_is 1 80000000 || fail "the other limit is $(cat "$zone:1/constraint_0_power_limit_uw")"
      grep CapEff "/proc/$(pidof rapl-agent)/status" | grep -q 0000000000000000 || fail "it has capabilities"
      rmmod headroom_rapl
      eventually 20 page_says LOST || fail "the loss is not reported"
      # The old mount shows nothing for ever: the agent ends once to get a new one, as a kubelet gives it.
      insmod /lib/headroom_rapl.ko disabled=3
      wait "$container"
      [ $? = 75 ] || fail "the agent did not end for a new mount"
      runc delete -f agent 2>/dev/null
      runc run --no-pivot --bundle "/boxes/$1" agent >>/tmp/agent.log 2>&1 &
      container=$!
      eventually 30 limit_is 0 80000000 || fail "not capped again"
      eventually 20 grep -q 1 "$zone:0/enabled" || fail "not enabled again"
      end "$1"
      ;;
  esac
}
