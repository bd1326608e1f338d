package org.wardian.cli.profile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Functions by address. */
public final class SymbolTable {
  /** No function at all. */
  public static final SymbolTable EMPTY = new SymbolTable(List.of());

  /**
   * What the kernel loads into IA32_LSTAR: {@code arch/x86/kernel/cpu/common.c}, {@code
   * syscall_init}.
   */
  private static final String SYSTEM_CALL_ENTRY = "entry_SYSCALL_64";

  /** Where a kernel can be moved to: a multiple of this from where it was linked. */
  private static final long MOVES = 2L << 20;

  /** Without sizes, a function ends at the next one, or after this many bytes. */
  private static final long LONGEST = 1L << 20;

  private final List<Symbol> symbols;

  private SymbolTable(List<Symbol> sorted) {
    symbols = sorted;
  }

  /** A table of functions in any order; of several at one address the first counts. */
  public static SymbolTable of(List<Symbol> functions) {
    List<Symbol> sorted = new ArrayList<>(functions);
    sorted.sort(Comparator.comparing(Symbol::address, Long::compareUnsigned));
    List<Symbol> distinct = new ArrayList<>(sorted.size());
    for (Symbol symbol : sorted) {
      if (distinct.isEmpty() || distinct.getLast().address() != symbol.address()) {
        distinct.add(symbol);
      }
    }
    return new SymbolTable(List.copyOf(distinct));
  }

  /** Both tables in one; at one address this one's function counts. */
  public SymbolTable and(SymbolTable other) {
    List<Symbol> both = new ArrayList<>(symbols);
    both.addAll(other.symbols);
    return of(both);
  }

  /** How many functions it has. */
  public int size() {
    return symbols.size();
  }

  /** The function that {@code address} lies in. */
  public Optional<Symbol> at(long address) {
    int low = 0;
    int high = symbols.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(symbols.get(middle).address(), address) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == 0) {
      return Optional.empty();
    }
    Symbol symbol = symbols.get(low - 1);
    long length = symbol.size() == 0 ? LONGEST : symbol.size();
    return Long.compareUnsigned(address - symbol.address(), length) < 0
        ? Optional.of(symbol)
        : Optional.empty();
  }

  /**
   * How far the running kernel was moved from where it was linked, which differs from boot to boot
   * (KASLR).
   *
   * @param systemCallEntry where SYSCALL leads in the guest; 0 where it has not said
   * @return 0 also where this is not the running kernel's table
   */
  public long move(long systemCallEntry) {
    if (systemCallEntry == 0) {
      return 0;
    }
    return symbols.stream()
        .filter(symbol -> symbol.name().equals(SYSTEM_CALL_ENTRY))
        .mapToLong(symbol -> systemCallEntry - symbol.address())
        .filter(move -> move % MOVES == 0)
        .findFirst()
        .orElse(0);
  }
}
