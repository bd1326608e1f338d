/** What an exit of a KVM guest costs, beside a C program that does the same. */
package org.wardian.bench.exits;
