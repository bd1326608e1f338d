/** Processors that the host's kernel lends through /dev/kvm. */
package org.wardian.processor.kvm;
