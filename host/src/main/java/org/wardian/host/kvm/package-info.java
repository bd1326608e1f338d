/**
 * The kernel's virtual machine monitor, {@code /dev/kvm}, as its header {@code
 * include/uapi/linux/kvm.h} gives it: no policy, and no knowledge of the architecture beyond that
 * header. Structures are native memory with the offsets of one class each.
 */
package org.wardian.host.kvm;
