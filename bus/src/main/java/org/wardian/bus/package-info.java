/**
 * What a device meets: ports, memory-mapped windows, interrupt lines, clock and timers, life cycle,
 * saved state.
 */
package org.wardian.bus;
