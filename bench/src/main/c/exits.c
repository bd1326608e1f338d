/*
 * Exits a second of /dev/kvm, driven from C: the yardstick for org.wardian.bench.exits.
 *
 * Reads lines "<kind> <milliseconds>" and answers each with "<count> <nanoseconds>", nanoseconds of
 * the thread's processor time, or by the clock where two threads have a part. The machine of
 * a kind is made at its first use and goes on where it was. Kinds: out, in, write, read, interrupt,
 * wake, kick, signal; org.wardian.bench.exits.ExitKind says what each one is.
 *
 * With arguments, the kinds to measure, it prints a table and reads nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 0xe0, MMIO = 0xd0000, LOAD = 0x1000, RAM = 0x80000, STACK = 0x8000, VECTOR = 0x20 };
enum { CLOCK_EVERY = 16 };

static const unsigned char guest[] = {
#include "../resources/org/wardian/bench/exits.inc"
};

enum kind { OUT, IN, WRITE, READ, INTERRUPT, SPIN, WAKE, KICK, KINDS };

static const struct {
  const char *name;
  unsigned entry;
} kinds[KINDS] = {
    [OUT] = {"out", 0x20},   [IN] = {"in", 0x28},
    [WRITE] = {"write", 0x30},     [READ] = {"read", 0x38},
    [INTERRUPT] = {"interrupt", 0x50}, [SPIN] = {"spin", 0x50},
    [WAKE] = {"wake", 0x58}, [KICK] = {"kick", 0x40},
};

struct machine {
  int vm;
  int cpu;
  struct kvm_run *run;
  int acknowledged; /* how many interrupts the guest says it had, modulo 256; -1 before it says */
  pthread_t runner; /* the thread in KVM_RUN while another one pokes it */
  atomic_long events;
  atomic_bool stop;
};

static void die(const char *what) {
  fprintf(stderr, "exits: %s: %s\n", what, strerror(errno));
  exit(1);
}

static long control(int fd, unsigned long request, void *argument, const char *name) {
  long result = ioctl(fd, request, argument);
  if (result < 0) die(name);
  return result;
}

static long clock_now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

static long now(void) {
  return clock_now(CLOCK_MONOTONIC);
}

static struct kvm_segment flat(int selector, int type) {
  return (struct kvm_segment){.base = 0, .limit = 0xffffffff, .selector = selector, .type = type,
                              .present = 1, .db = 1, .s = 1, .g = 1};
}

static struct machine *machine(enum kind kind) {
  static int kvm = -1;
  static struct machine *made[KINDS];
  if (made[kind]) return made[kind];
  if (kvm < 0 && (kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC)) < 0) die("/dev/kvm");

  struct machine *m = calloc(1, sizeof *m);
  m->acknowledged = -1;
  m->vm = control(kvm, KVM_CREATE_VM, 0, "KVM_CREATE_VM");
  control(m->vm, KVM_CREATE_IRQCHIP, 0, "KVM_CREATE_IRQCHIP");
  void *ram = mmap(0, RAM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (ram == MAP_FAILED) die("mmap of RAM");
  memcpy((char *)ram + LOAD, guest, sizeof guest);
  struct kvm_userspace_memory_region region = {
      .slot = 0, .guest_phys_addr = 0, .memory_size = RAM, .userspace_addr = (unsigned long)ram};
  control(m->vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
  m->cpu = control(m->vm, KVM_CREATE_VCPU, 0, "KVM_CREATE_VCPU");
  long size = control(kvm, KVM_GET_VCPU_MMAP_SIZE, 0, "KVM_GET_VCPU_MMAP_SIZE");
  m->run = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, m->cpu, 0);
  if (m->run == MAP_FAILED) die("mmap of kvm_run");

  /* What KVM can do, as a VMM would: some paths in the kernel depend on it. */
  size_t bytes = sizeof(struct kvm_cpuid2) + 256 * sizeof(struct kvm_cpuid_entry2);
  struct kvm_cpuid2 *cpuid = calloc(1, bytes);
  cpuid->nent = 256;
  control(kvm, KVM_GET_SUPPORTED_CPUID, cpuid, "KVM_GET_SUPPORTED_CPUID");
  control(m->cpu, KVM_SET_CPUID2, cpuid, "KVM_SET_CPUID2");
  free(cpuid);

  struct kvm_sregs s;
  control(m->cpu, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
  s.cs = flat(8, 11);
  s.ds = s.es = s.fs = s.gs = s.ss = flat(16, 3);
  s.gdt = (struct kvm_dtable){.base = LOAD, .limit = 0x17};
  s.idt = (struct kvm_dtable){.base = LOAD + 0x18 - VECTOR * 8, .limit = VECTOR * 8 + 7};
  s.cr0 = 0x11;
  control(m->cpu, KVM_SET_SREGS, &s, "KVM_SET_SREGS");
  struct kvm_regs r = {.rip = LOAD + kinds[kind].entry, .rsp = STACK, .rflags = 2};
  control(m->cpu, KVM_SET_REGS, &r, "KVM_SET_REGS");
  return made[kind] = m;
}

static void inject(struct machine *m) {
  struct kvm_msi msi = {.address_lo = 0xfee00000, .data = VECTOR};
  control(m->vm, KVM_SIGNAL_MSI, &msi, "KVM_SIGNAL_MSI");
}

static volatile unsigned sink;

/* Runs the guest to its next port or memory-mapped access and serves that; false where kicked. */
static int step(struct machine *m) {
  struct kvm_run *run = m->run;
  if (ioctl(m->cpu, KVM_RUN, 0) < 0) {
    if (errno != EINTR) die("KVM_RUN");
    run->immediate_exit = 0;
    return 0;
  }
  switch (run->exit_reason) {
    case KVM_EXIT_IO: {
      unsigned char *data = (unsigned char *)run + run->io.data_offset;
      if (run->io.port != PORT || run->io.size != 1 || run->io.count != 1) break;
      if (run->io.direction == KVM_EXIT_IO_OUT) sink = *data;
      else *data = 0x5a;
      return 1;
    }
    case KVM_EXIT_MMIO: {
      unsigned value = 0x5a;
      if (run->mmio.phys_addr != MMIO || run->mmio.len != 4) break;
      if (run->mmio.is_write) {
        memcpy(&value, run->mmio.data, 4);
        sink = value;
      } else {
        memcpy(run->mmio.data, &value, 4);
      }
      return 1;
    }
  }
  struct kvm_regs r;
  control(m->cpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
  fprintf(stderr, "exits: unexpected exit %u at 0x%llx\n", run->exit_reason, r.rip);
  exit(1);
}

/* The guest was interrupted once, no more, since it was asked before. */
static void acknowledge(struct machine *m) {
  m->acknowledged = (m->acknowledged + 1) & 0xff;
  if ((sink & 0xff) == (unsigned)m->acknowledged) return;
  fprintf(stderr, "exits: %u interrupts in place of %d\n", sink & 0xff, m->acknowledged);
  exit(1);
}

/* The vCPU's own thread does everything. */
static long alone(struct machine *m, enum kind kind, long end) {
  long count = 0;
  do {
    for (int i = 0; i < CLOCK_EVERY; i++) {
      step(m);
      if (kind == INTERRUPT) {
        acknowledge(m);
        inject(m);
      }
      count++;
    }
  } while (now() < end);
  return count;
}

static void nothing(int number) {
  (void)number;
}

static void *runner(void *argument) {
  struct machine *m = argument;
  while (!atomic_load(&m->stop)) {
    if (step(m)) acknowledge(m);
    atomic_fetch_add(&m->events, 1);
  }
  return 0;
}

static void kick(struct machine *m) {
  m->run->immediate_exit = 1;
  pthread_kill(m->runner, SIGUSR1);
}

/* This thread pokes the vCPU's, and waits for the answer of each poke. */
static long together(struct machine *m, enum kind kind, long end) {
  /* Without SA_RESTART; the handler need not do anything. */
  struct sigaction action = {.sa_handler = nothing};
  sigaction(SIGUSR1, &action, 0);
  int first = m->runner == 0;
  atomic_store(&m->stop, 0);
  long seen = atomic_load(&m->events);
  if (pthread_create(&m->runner, 0, runner, m)) die("pthread_create");
  if (kind != KICK && first) {
    /* "Local APIC is on" comes first. */
    while (atomic_load(&m->events) == seen) sched_yield();
    seen++;
  }
  long count = 0;
  do {
    for (int i = 0; i < CLOCK_EVERY; i++) {
      if (kind == KICK) kick(m);
      else inject(m);
      while (atomic_load(&m->events) == seen) sched_yield();
      seen++;
      count++;
    }
  } while (now() < end);
  atomic_store(&m->stop, 1);
  kick(m);
  pthread_join(m->runner, 0);
  m->run->immediate_exit = 0;
  return count;
}

static int measure(const char *name, long milliseconds, long *count, long *nanoseconds) {
  for (enum kind kind = 0; kind < KINDS; kind++) {
    if (strcmp(name, kinds[kind].name)) continue;
    struct machine *m = machine(kind);
    /* Where one thread does it all, what else the machine does is left out. */
    clockid_t clock = kind >= SPIN ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
    long start = clock_now(clock);
    long end = now() + milliseconds * 1000000;
    *count = kind >= SPIN ? together(m, kind, end) : alone(m, kind, end);
    *nanoseconds = clock_now(clock) - start;
    return 1;
  }
  return 0;
}

int main(int arguments, char **argument) {
  long count, nanoseconds;
  for (int i = 1; i < arguments; i++) {
    if (!measure(argument[i], 500, &count, &nanoseconds)) {
      fprintf(stderr, "exits: there is no kind %s\n", argument[i]);
      return 2;
    }
    printf("%-10s %10.0f a second\n", argument[i], count * 1e9 / nanoseconds);
  }
  char name[32];
  long milliseconds;
  while (arguments == 1 && scanf("%31s %ld", name, &milliseconds) == 2) {
    if (!measure(name, milliseconds, &count, &nanoseconds)) return 2;
    printf("%ld %ld\n", count, nanoseconds);
    fflush(stdout);
  }
  return 0;
}
