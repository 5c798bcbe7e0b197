import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Transactions back to back, first all committed, then all aborted: one KafkaProducer with its defaults per thread. Prints one line of
 * JSON with the transactions that were committed within the window. Needs kafka-clients on the class path; started by java-transactions.ts.
 */
public final class TransactionPerformance {
    private static final double NANOSECONDS_PER_MILLISECOND = 1e6;

    private final Map<String, String> options;
    private final String topic;
    private final int messages;
    private final List<byte[]> values;
    /** Everybody waits here until the last one is as far; who comes last sets the times of what follows. */
    private final CyclicBarrier ready;
    private final CyclicBarrier committed;
    private volatile long windowStart;
    private volatile long windowEnd;
    private volatile long abortsEnd;

    private TransactionPerformance(Map<String, String> options) throws Exception {
        this.options = options;
        topic = options.get("topic");
        messages = Integer.parseInt(options.get("messages"));
        values = Files.readAllLines(Path.of(options.get("payload-file"))).stream().map(String::getBytes).toList();
        int producers = producers();
        ready = new CyclicBarrier(producers, () -> {
            windowStart = System.nanoTime() + nanoseconds("warmup-ms");
            windowEnd = windowStart + nanoseconds("window-ms");
        });
        committed = new CyclicBarrier(producers, () -> abortsEnd = System.nanoTime() + nanoseconds("abort-ms"));
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int index = 0; index + 1 < arguments.length; index += 2) {
            options.put(arguments[index].substring("--".length()), arguments[index + 1]);
        }
        int exitCode = 0;
        try {
            System.out.println(new TransactionPerformance(options).run());
        } catch (Exception error) {
            error.printStackTrace();
            exitCode = 1;
        }
        // The other threads of one that failed wait for it at a barrier.
        System.exit(exitCode);
    }

    private String run() throws Exception {
        int producers = producers();
        ExecutorService threads = Executors.newFixedThreadPool(producers);
        ExecutorCompletionService<Outcomes> running = new ExecutorCompletionService<>(threads);
        for (int index = 0; index < producers; index++) {
            running.submit(new Caller(index));
        }
        Outcomes all = new Outcomes();
        for (int index = 0; index < producers; index++) {
            all.add(running.take().get());
        }
        threads.shutdown();
        return all.toJson(nanoseconds("window-ms"));
    }

    private int producers() {
        return Integer.parseInt(options.get("producers"));
    }

    private long nanoseconds(String option) {
        return Math.round(Long.parseLong(options.get(option)) * NANOSECONDS_PER_MILLISECOND);
    }

    /** One producer and its transactions. */
    private final class Caller implements Callable<Outcomes> {
        private final int index;
        private final Outcomes outcomes = new Outcomes();
        private Producer<byte[], byte[]> producer;
        private int next;

        Caller(int index) {
            this.index = index;
        }

        @Override
        public Outcomes call() throws Exception {
            start();
            producer.beginTransaction();
            send();
            producer.commitTransaction();
            outcomes.committed++;
            ready.await();
            while (System.nanoTime() < windowEnd) {
                orAfresh(this::commit);
            }
            committed.await();
            do {
                orAfresh(this::abort);
            } while (System.nanoTime() < abortsEnd);
            producer.close();
            return outcomes;
        }

        private void start() {
            producer = new KafkaProducer<>(Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, options.get("bootstrap-servers"),
                ProducerConfig.TRANSACTIONAL_ID_CONFIG, options.get("transactional-id-prefix") + index,
                ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName(),
                ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName()));
            producer.initTransactions();
        }

        private void commit() {
            long beganAt = System.nanoTime();
            producer.beginTransaction();
            send();
            long endingAt = System.nanoTime();
            producer.commitTransaction();
            long endedAt = System.nanoTime();
            outcomes.committed++;
            if (endedAt >= windowStart && endedAt < windowEnd) {
                outcomes.whole.add(endedAt - beganAt);
                outcomes.commit.add(endedAt - endingAt);
            }
        }

        /** Flushes first: an abort drops what was not sent, and then there would be nothing to abort. */
        private void abort() {
            producer.beginTransaction();
            send();
            producer.flush();
            long endingAt = System.nanoTime();
            producer.abortTransaction();
            outcomes.abort.add(System.nanoTime() - endingAt);
        }

        /** Aborts what has failed. A producer that cannot even do that is lost, and a new one takes its place. */
        private void orAfresh(Runnable transaction) {
            try {
                transaction.run();
            } catch (KafkaException failure) {
                outcomes.errors.merge(failure.getClass().getSimpleName(), 1, Integer::sum);
                try {
                    producer.abortTransaction();
                } catch (KafkaException lost) {
                    producer.close(Duration.ZERO);
                    start();
                }
            }
        }

        private void send() {
            for (int sent = 0; sent < messages; sent++) {
                producer.send(new ProducerRecord<>(topic, values.get(next++ % values.size())));
            }
        }
    }

    /** What became of the transactions of one producer, or of all. */
    private static final class Outcomes {
        private long committed;
        private final Map<String, Integer> errors = new TreeMap<>();
        private final List<Long> whole = new ArrayList<>();
        private final List<Long> commit = new ArrayList<>();
        private final List<Long> abort = new ArrayList<>();

        void add(Outcomes other) {
            committed += other.committed;
            other.errors.forEach((name, count) -> errors.merge(name, count, Integer::sum));
            whole.addAll(other.whole);
            commit.addAll(other.commit);
            abort.addAll(other.abort);
        }

        String toJson(long windowNanoseconds) {
            String errorsJson = errors.entrySet().stream()
                .map(entry -> String.format("\"%s\":%d", entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
            return String.format(
                Locale.ROOT,
                "{\"transactions\":%d,\"seconds\":%.3f,\"committed\":%d,\"errors\":%s,\"whole\":%s,\"commit\":%s,\"abort\":%s}",
                whole.size(), windowNanoseconds / 1e9, committed, errorsJson, percentiles(whole), percentiles(commit), percentiles(abort));
        }

        private static String percentiles(List<Long> nanoseconds) {
            List<Long> sorted = nanoseconds.stream().sorted().toList();
            return String.format(Locale.ROOT, "{\"p50Ms\":%.3f,\"p99Ms\":%.3f}", percentile(sorted, 50), percentile(sorted, 99));
        }

        private static double percentile(List<Long> sorted, int percent) {
            if (sorted.isEmpty()) {
                return 0;
            }
            int rank = (int) Math.ceil(sorted.size() * percent / 100.0);
            return sorted.get(Math.max(0, rank - 1)) / NANOSECONDS_PER_MILLISECOND;
        }
    }
}
