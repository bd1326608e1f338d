/** Machines that start with firmware of the host's packages, from every kind of disk. */
package org.wardian.conformance.firmware;
