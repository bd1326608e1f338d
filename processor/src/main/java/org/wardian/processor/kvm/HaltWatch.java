package org.wardian.processor.kvm;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Finds vCPUs that will never wake. With a local APIC in the kernel, HLT does not leave it, not
 * even with interrupts off; so whoever has not come out for a while is asked to look at itself.
 * What that costs is one exit of an idle vCPU a quarter of a second.
 *
 * <p>One of several may be woken by another, without an exit of either. So all must have been found
 * asleep twice in a row: who was woken after his first look is found awake at his second.
 */
final class HaltWatch implements AutoCloseable {
  /** The first look after a vCPU fell silent, and the longest time between two, in milliseconds. */
  private static final long FIRST = 20;

  private static final long LONGEST = 250;

  /** Looks that must find every one of several vCPUs asleep. */
  private static final int LOOKS = 2;

  private final List<KernelVcpu> vcpus = new CopyOnWriteArrayList<>();
  private Thread thread;
  private volatile boolean closed;

  synchronized void add(KernelVcpu vcpu) {
    vcpus.add(vcpu);
    if (thread == null) {
      thread = Thread.ofPlatform().daemon().name("kvm-halt-watch").start(this::watch);
    }
  }

  /**
   * Notes what a vCPU has found; on its thread.
   *
   * @param asleep whether no interrupt can wake it
   * @return whether that is so of all, so that none will ever wake
   */
  synchronized boolean found(KernelVcpu vcpu, boolean asleep) {
    vcpu.looksAsleep = asleep ? Math.min(vcpu.looksAsleep + 1, LOOKS) : 0;
    List<KernelVcpu> there = vcpus.stream().filter(KernelVcpu::isPresent).toList();
    int wanted = there.size() == 1 ? 1 : LOOKS;
    return there.stream().allMatch(each -> each.looksAsleep >= wanted);
  }

  private void watch() {
    long interval = FIRST;
    long[] before = new long[0];
    while (!closed) {
      try {
        Thread.sleep(interval);
      } catch (InterruptedException e) {
        return;
      }
      long[] now = vcpus.stream().mapToLong(KernelVcpu::exits).toArray();
      boolean silent = false;
      for (int i = 0; i < now.length; i++) {
        if (i < before.length && now[i] == before[i] && vcpus.get(i).isPresent()) {
          silent = true;
          vcpus.get(i).examine();
        }
      }
      before = now;
      interval = silent ? Math.min(LONGEST, 2 * interval) : FIRST;
    }
  }

  @Override
  public void close() {
    closed = true;
    Thread watcher;
    synchronized (this) {
      watcher = thread;
    }
    if (watcher != null) {
      watcher.interrupt();
      try {
        watcher.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
