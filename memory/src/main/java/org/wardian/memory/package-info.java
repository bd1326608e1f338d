/** Guest-physical memory: regions, RAM, ROM, dirty tracking and atomic access. */
package org.wardian.memory;
