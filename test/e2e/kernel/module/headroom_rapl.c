// SPDX-License-Identifier: GPL-2.0
/*
 * Gives the kernel's own RAPL code registers to work on: a test-only module for a guest without the hardware.
 *
 * The registers live in memory. Everything above them - zones, attributes, rounding, errno, locking, CPU hotplug - is the
 * real intel_rapl_common and powercap_sys. Two interfaces can be shown, as client machines have them: "intel-rapl", and
 * "intel-rapl-mmio" for package 0.
 *
 * Parameters that may be changed at run time (in /sys/module/headroom_rapl/parameters) are bit masks of packages (dies).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/intel_rapl.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/powercap.h>
#include <linux/spinlock.h>
#include <linux/topology.h>
#include <linux/wait.h>

#define PACKAGES 8

/* Register numbers, as the processors have them; one window of 32 for each package. */
#define FIRST 0x600
#define COUNT 0x20
enum {
	REG_PEAK = 0x601,
	REG_UNIT = 0x606,
	REG_CORE_LIMIT = 0x608,
	REG_CORE_ENERGY = 0x609,
	REG_UNCORE_LIMIT = 0x60a,
	REG_UNCORE_ENERGY = 0x60b,
	REG_PACKAGE_LIMIT = 0x610,
	REG_PACKAGE_ENERGY = 0x611,
	REG_PACKAGE_PERF = 0x613,
	REG_PACKAGE_INFO = 0x614,
	REG_DRAM_LIMIT = 0x618,
	REG_DRAM_ENERGY = 0x619,
	REG_DRAM_INFO = 0x61c,
	REG_PSYS_LIMIT = 0x61d,
	REG_PSYS_ENERGY = 0x61e,
};

/* Fields of a limit register. */
#define POWER_MASK 0x7fffULL
#define ENABLE_1 BIT_ULL(15)
#define ENABLE_2 BIT_ULL(47)
#define LOCK BIT_ULL(63)

/* 1/8 W, 2^-14 J, 976 us. */
#define UNITS 0xa0e03ULL
#define ENERGY_SHIFT 14
/* 125 W and 150 W, both enabled and clamping, windows of 0.25 s and 976 us: a Skylake server. */
#define PACKAGE_LIMITS 0x000184b0001183e8ULL
/* At most 258 W, at least 62 W, thermal specification 125 W. */
#define PACKAGE_INFO ((0x810ULL << 32) | (0x1f0ULL << 16) | 0x3e8ULL)
#define DRAM_LIMIT 0x108444ULL
#define PEAK_LIMIT 0x6e8ULL

/* What the machine has: fixed when the module is loaded. */
static bool psys, planes, peak, energy_only, dram_meter, mmio;
module_param(psys, bool, 0444);
MODULE_PARM_DESC(psys, "a platform domain beside each package");
module_param(planes, bool, 0444);
MODULE_PARM_DESC(planes, "core and uncore domains instead of dram");
module_param(peak, bool, 0444);
MODULE_PARM_DESC(peak, "a peak_power limit");
module_param(energy_only, bool, 0444);
MODULE_PARM_DESC(energy_only, "no limits at all, as AMD's processors");
module_param(dram_meter, bool, 0444);
MODULE_PARM_DESC(dram_meter, "dram without a limit");
module_param(mmio, bool, 0444);
MODULE_PARM_DESC(mmio, "package 0 also as intel-rapl-mmio");
static uint locked, disabled;
module_param(locked, uint, 0444);
MODULE_PARM_DESC(locked, "packages whose limits the BIOS has locked");
module_param(disabled, uint, 0444);
MODULE_PARM_DESC(disabled, "packages whose limits are not enabled at first");

/* What goes wrong, while it runs. */
static uint fail_reads, fail_writes, ignore_limits, ignore_enable;
module_param(fail_reads, uint, 0644);
MODULE_PARM_DESC(fail_reads, "reading an energy counter is an I/O error");
module_param(fail_writes, uint, 0644);
MODULE_PARM_DESC(fail_writes, "writing a register is an I/O error");
module_param(ignore_limits, uint, 0644);
MODULE_PARM_DESC(ignore_limits, "firmware drops new limits and windows, and says nothing");
module_param(ignore_enable, uint, 0644);
MODULE_PARM_DESC(ignore_enable, "firmware drops changes of the enable bits");
static uint demand_watts = 90;
module_param(demand_watts, uint, 0644);
MODULE_PARM_DESC(demand_watts, "what each package draws unless its limit is lower");
static ulong energy_base;
module_param(energy_base, ulong, 0644);
MODULE_PARM_DESC(energy_base, "added to all counters, in their unit of 2^-14 J: moves them, also back");

/* What was seen at the registers, counted since the module was loaded. */
static uint limit_writes, foreign_writes, inversions;
module_param(limit_writes, uint, 0444);
MODULE_PARM_DESC(limit_writes, "writes of a package's limit register");
module_param(foreign_writes, uint, 0444);
MODULE_PARM_DESC(foreign_writes, "writes of a register that is none of an agent's business: psys, core, uncore, peak");
module_param(inversions, uint, 0444);
MODULE_PARM_DESC(inversions, "writes after which the long-term limit was above the short-term one");

static DECLARE_WAIT_QUEUE_HEAD(hanging);
static uint hang_reads, hang_writes;

static int set_hang(const char *text, const struct kernel_param *param)
{
	int result = param_set_uint(text, param);

	wake_up_all(&hanging);
	return result;
}

static const struct kernel_param_ops hang_ops = { .set = set_hang, .get = param_get_uint };
module_param_cb(hang_reads, &hang_ops, &hang_reads, 0644);
MODULE_PARM_DESC(hang_reads, "reading an energy counter does not return until this is cleared");
module_param_cb(hang_writes, &hang_ops, &hang_writes, 0644);
MODULE_PARM_DESC(hang_writes, "writing a register does not return until this is cleared");

struct interface {
	const char *name;
	struct rapl_if_priv priv;
	u64 registers[PACKAGES][COUNT];
	bool only_package_0;
	bool registered;
};

static struct interface msr_interface = { .name = "intel-rapl", .priv.type = RAPL_IF_MSR };
static struct interface mmio_interface = { .name = "intel-rapl-mmio", .priv.type = RAPL_IF_MMIO, .only_package_0 = true };

/* What the packages have consumed, and until when that is counted. */
static DEFINE_SPINLOCK(energy_lock);
static u64 consumed_uj[PACKAGES];
static ktime_t counted_until[PACKAGES];

static unsigned int package_of(int cpu)
{
	return topology_logical_die_id(cpu) % PACKAGES;
}

/* The enabled limits of both interfaces act on the same silicon. */
static u64 draw_mw(unsigned int package)
{
	u64 draw = (u64)demand_watts * 1000;
	const struct interface *faces[] = { &msr_interface, &mmio_interface };
	int i;

	for (i = 0; i < ARRAY_SIZE(faces); i++) {
		u64 limit = faces[i]->registers[package][REG_PACKAGE_LIMIT - FIRST];

		if (faces[i]->registered && !(faces[i]->only_package_0 && package) && (limit & ENABLE_1))
			draw = min(draw, (limit & POWER_MASK) * 125);
	}
	return draw;
}

static u64 package_energy(unsigned int package)
{
	ktime_t now = ktime_get();
	u64 total;

	spin_lock(&energy_lock);
	consumed_uj[package] += draw_mw(package) * ktime_us_delta(now, counted_until[package]) / 1000;
	counted_until[package] = now;
	total = consumed_uj[package];
	spin_unlock(&energy_lock);
	return ((total << ENERGY_SHIFT) / 1000000 + energy_base) & 0xffffffff;
}

static bool is_energy(u32 number)
{
	return number == REG_PACKAGE_ENERGY || number == REG_DRAM_ENERGY || number == REG_CORE_ENERGY ||
	       number == REG_UNCORE_ENERGY || number == REG_PSYS_ENERGY;
}

static int read_register(struct interface *face, int cpu, struct reg_action *action)
{
	unsigned int package = package_of(cpu);
	u32 number = action->reg.val;
	u64 value;

	if (number < FIRST || number >= FIRST + COUNT)
		return -EIO; /* the driver also asks for registers that a domain does not have */
	if (number == REG_UNIT) {
		value = UNITS;
	} else if (is_energy(number)) {
		wait_event(hanging, !(hang_reads & BIT(package)));
		if (fail_reads & BIT(package))
			return -EIO;
		value = package_energy(package);
		if (number != REG_PACKAGE_ENERGY && number != REG_PSYS_ENERGY)
			value /= 4;
	} else {
		value = face->registers[package][number - FIRST];
	}
	action->value = value & action->mask;
	return 0;
}

static void count_write(u32 number, u64 value)
{
	if (number == REG_PACKAGE_LIMIT) {
		limit_writes++;
		if ((value & POWER_MASK) > ((value >> 32) & POWER_MASK))
			inversions++;
	} else if (number != REG_DRAM_LIMIT) {
		foreign_writes++;
	}
}

static int write_register(struct interface *face, int cpu, struct reg_action *action)
{
	const u64 enables = ENABLE_1 | ENABLE_2;
	unsigned int package = package_of(cpu);
	u32 number = action->reg.val;
	u64 *target;

	if (number < FIRST || number >= FIRST + COUNT)
		return -EIO;
	wait_event(hanging, !(hang_writes & BIT(package)));
	if (fail_writes & BIT(package))
		return -EIO;
	if ((action->mask & enables) ? (ignore_enable & BIT(package)) : (ignore_limits & BIT(package)))
		return 0;
	package_energy(package); /* what was drawn so far was drawn under the old limit */
	target = &face->registers[package][number - FIRST];
	*target = (*target & ~action->mask) | action->value;
	count_write(number, *target);
	return 0;
}

static int read_msr(int cpu, struct reg_action *action)
{
	return read_register(&msr_interface, cpu, action);
}

static int write_msr(int cpu, struct reg_action *action)
{
	return write_register(&msr_interface, cpu, action);
}

static int read_mmio(int cpu, struct reg_action *action)
{
	return read_register(&mmio_interface, cpu, action);
}

static int write_mmio(int cpu, struct reg_action *action)
{
	return write_register(&mmio_interface, cpu, action);
}

static int cpu_comes(struct interface *face, unsigned int cpu)
{
	struct rapl_package *package;

	if (face->only_package_0 && package_of(cpu))
		return 0;
	package = rapl_find_package_domain_cpuslocked(cpu, &face->priv, true);
	if (!package) {
		package = rapl_add_package_cpuslocked(cpu, &face->priv, true);
		if (IS_ERR(package))
			return PTR_ERR(package);
	}
	cpumask_set_cpu(cpu, &package->cpumask);
	return 0;
}

static int cpu_goes(struct interface *face, unsigned int cpu)
{
	struct rapl_package *package = rapl_find_package_domain_cpuslocked(cpu, &face->priv, true);
	int next;

	if (!package)
		return 0;
	cpumask_clear_cpu(cpu, &package->cpumask);
	next = cpumask_first(&package->cpumask);
	if (next >= nr_cpu_ids)
		rapl_remove_package_cpuslocked(package);
	else if (package->lead_cpu == cpu)
		package->lead_cpu = next;
	return 0;
}

static int msr_online(unsigned int cpu)
{
	return cpu_comes(&msr_interface, cpu);
}

static int msr_offline(unsigned int cpu)
{
	return cpu_goes(&msr_interface, cpu);
}

static int mmio_online(unsigned int cpu)
{
	return cpu_comes(&mmio_interface, cpu);
}

static int mmio_offline(unsigned int cpu)
{
	return cpu_goes(&mmio_interface, cpu);
}

static void fill_registers(struct interface *face)
{
	int package;

	for (package = 0; package < PACKAGES; package++) {
		u64 *registers = face->registers[package];
		u64 limits = PACKAGE_LIMITS;

		if (locked & BIT(package))
			limits |= LOCK;
		if (disabled & BIT(package))
			limits &= ~(ENABLE_1 | ENABLE_2);
		registers[REG_PACKAGE_LIMIT - FIRST] = limits;
		registers[REG_PACKAGE_INFO - FIRST] = PACKAGE_INFO;
		registers[REG_DRAM_LIMIT - FIRST] = DRAM_LIMIT;
		registers[REG_PEAK - FIRST] = PEAK_LIMIT;
		registers[REG_PSYS_LIMIT - FIRST] = PACKAGE_LIMITS;
	}
}

static void set_domain(struct rapl_if_priv *priv, enum rapl_domain_type domain, u32 limit, u32 energy)
{
	priv->regs[domain][RAPL_DOMAIN_REG_LIMIT].val = limit;
	priv->regs[domain][RAPL_DOMAIN_REG_STATUS].val = energy;
}

static void describe(struct rapl_if_priv *priv)
{
	priv->reg_unit.val = REG_UNIT;
	set_domain(priv, RAPL_DOMAIN_PACKAGE, energy_only ? 0 : REG_PACKAGE_LIMIT, REG_PACKAGE_ENERGY);
	priv->regs[RAPL_DOMAIN_PACKAGE][RAPL_DOMAIN_REG_PERF].val = REG_PACKAGE_PERF;
	if (energy_only) {
		set_domain(priv, RAPL_DOMAIN_PP0, 0, REG_CORE_ENERGY);
		return;
	}
	priv->regs[RAPL_DOMAIN_PACKAGE][RAPL_DOMAIN_REG_INFO].val = REG_PACKAGE_INFO;
	priv->limits[RAPL_DOMAIN_PACKAGE] = BIT(POWER_LIMIT2);
	if (peak) {
		priv->limits[RAPL_DOMAIN_PACKAGE] |= BIT(POWER_LIMIT4);
		priv->regs[RAPL_DOMAIN_PACKAGE][RAPL_DOMAIN_REG_PL4].val = REG_PEAK;
	}
	if (planes) {
		set_domain(priv, RAPL_DOMAIN_PP0, REG_CORE_LIMIT, REG_CORE_ENERGY);
		set_domain(priv, RAPL_DOMAIN_PP1, REG_UNCORE_LIMIT, REG_UNCORE_ENERGY);
	} else {
		set_domain(priv, RAPL_DOMAIN_DRAM, dram_meter ? 0 : REG_DRAM_LIMIT, REG_DRAM_ENERGY);
		if (!dram_meter)
			priv->regs[RAPL_DOMAIN_DRAM][RAPL_DOMAIN_REG_INFO].val = REG_DRAM_INFO;
	}
	if (psys) {
		set_domain(priv, RAPL_DOMAIN_PLATFORM, REG_PSYS_LIMIT, REG_PSYS_ENERGY);
		priv->limits[RAPL_DOMAIN_PLATFORM] = BIT(POWER_LIMIT2);
	}
}

static int show(struct interface *face, int (*online)(unsigned int), int (*offline)(unsigned int))
{
	struct powercap_control_type *type;
	int state;

	fill_registers(face);
	type = powercap_register_control_type(NULL, face->name, NULL);
	if (IS_ERR(type))
		return PTR_ERR(type);
	face->priv.control_type = type;
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, face->name, online, offline);
	if (state < 0) {
		powercap_unregister_control_type(type);
		return state;
	}
	face->priv.pcap_rapl_online = state;
	face->registered = true;
	return 0;
}

static void hide(struct interface *face)
{
	if (!face->registered)
		return;
	cpuhp_remove_state(face->priv.pcap_rapl_online);
	powercap_unregister_control_type(face->priv.control_type);
	face->registered = false;
}

static int __init headroom_rapl_init(void)
{
	int package, error;

	for (package = 0; package < PACKAGES; package++)
		counted_until[package] = ktime_get();
	msr_interface.priv.read_raw = read_msr;
	msr_interface.priv.write_raw = write_msr;
	mmio_interface.priv.read_raw = read_mmio;
	mmio_interface.priv.write_raw = write_mmio;
	describe(&msr_interface.priv);
	error = show(&msr_interface, msr_online, msr_offline);
	if (error || !mmio)
		return error;
	describe(&mmio_interface.priv);
	memset(&mmio_interface.priv.regs[RAPL_DOMAIN_PLATFORM], 0, sizeof(mmio_interface.priv.regs[RAPL_DOMAIN_PLATFORM]));
	error = show(&mmio_interface, mmio_online, mmio_offline);
	if (error)
		hide(&msr_interface);
	return error;
}

static void __exit headroom_rapl_exit(void)
{
	hide(&mmio_interface);
	hide(&msr_interface);
}

module_init(headroom_rapl_init);
module_exit(headroom_rapl_exit);
MODULE_DESCRIPTION("Registers in memory under the kernel's RAPL code, for tests");
MODULE_LICENSE("GPL");
