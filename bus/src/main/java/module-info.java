/**
 * What a device meets: ports, memory-mapped windows, interrupt lines, clock and timers, life cycle,
 * saved state.
 */
module org.wardian.bus {
  exports org.wardian.bus;
}
