package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** {@code struct kvm_cpuid2}, from and to a list. */
final class CpuidList {
  private CpuidList() {}

  static List<CpuidEntry> read(MemorySegment list) {
    int count = list.get(JAVA_INT, CallStructures.CPUID_COUNT);
    List<CpuidEntry> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      long at = CallStructures.CPUID_ENTRIES + (long) i * CallStructures.CPUID_ENTRY_SIZE;
      entries.add(
          new CpuidEntry(
              list.get(JAVA_INT, at + CallStructures.CPUID_ENTRY_FUNCTION),
              list.get(JAVA_INT, at + CallStructures.CPUID_ENTRY_INDEX),
              list.get(JAVA_INT, at + CallStructures.CPUID_ENTRY_FLAGS),
              list.get(JAVA_INT, at + CallStructures.CPUID_ENTRY_EAX),
              list.get(JAVA_INT, at + CallStructures.CPUID_ENTRY_EBX),
              list.get(JAVA_INT, at + CallStructures.CPUID_ENTRY_ECX),
              list.get(JAVA_INT, at + CallStructures.CPUID_ENTRY_EDX)));
    }
    return List.copyOf(entries);
  }

  static MemorySegment write(Arena arena, List<CpuidEntry> entries) {
    long size =
        CallStructures.CPUID_ENTRIES + (long) entries.size() * CallStructures.CPUID_ENTRY_SIZE;
    MemorySegment list = arena.allocate(size, Long.BYTES);
    list.set(JAVA_INT, CallStructures.CPUID_COUNT, entries.size());
    long at = CallStructures.CPUID_ENTRIES;
    for (CpuidEntry entry : entries) {
      list.set(JAVA_INT, at + CallStructures.CPUID_ENTRY_FUNCTION, entry.function());
      list.set(JAVA_INT, at + CallStructures.CPUID_ENTRY_INDEX, entry.index());
      list.set(JAVA_INT, at + CallStructures.CPUID_ENTRY_FLAGS, entry.flags());
      list.set(JAVA_INT, at + CallStructures.CPUID_ENTRY_EAX, entry.eax());
      list.set(JAVA_INT, at + CallStructures.CPUID_ENTRY_EBX, entry.ebx());
      list.set(JAVA_INT, at + CallStructures.CPUID_ENTRY_ECX, entry.ecx());
      list.set(JAVA_INT, at + CallStructures.CPUID_ENTRY_EDX, entry.edx());
      at += CallStructures.CPUID_ENTRY_SIZE;
    }
    return list;
  }
}
