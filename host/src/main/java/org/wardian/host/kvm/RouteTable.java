package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@code struct kvm_irq_routing}, from a list. */
final class RouteTable {
  private RouteTable() {}

  static MemorySegment write(Arena arena, List<InterruptRoute> routes) {
    long size = CallStructures.ROUTING_ENTRIES + (long) routes.size() * CallStructures.ROUTE_SIZE;
    MemorySegment table = arena.allocate(size, Long.BYTES);
    table.set(JAVA_INT, CallStructures.ROUTING_COUNT, routes.size());
    long at = CallStructures.ROUTING_ENTRIES;
    for (InterruptRoute route : routes) {
      write(route, table.asSlice(at, CallStructures.ROUTE_SIZE));
      at += CallStructures.ROUTE_SIZE;
    }
    return table;
  }

  private static void write(InterruptRoute route, MemorySegment to) {
    to.set(JAVA_INT, CallStructures.ROUTE_GSI, route.gsi());
    switch (route) {
      case InterruptRoute.Pin pin -> {
        to.set(JAVA_INT, CallStructures.ROUTE_TYPE, CallStructures.ROUTE_TYPE_IRQCHIP);
        to.set(JAVA_INT, CallStructures.ROUTE_CHIP, pin.chip());
        to.set(JAVA_INT, CallStructures.ROUTE_PIN, pin.pin());
      }
      case InterruptRoute.Message message -> {
        to.set(JAVA_INT, CallStructures.ROUTE_TYPE, CallStructures.ROUTE_TYPE_MSI);
        to.set(JAVA_INT, CallStructures.ROUTE_ADDRESS_LOW, (int) message.address());
        to.set(JAVA_INT, CallStructures.ROUTE_ADDRESS_HIGH, (int) (message.address() >>> 32));
        to.set(JAVA_INT, CallStructures.ROUTE_DATA, message.data());
      }
    }
  }
}
