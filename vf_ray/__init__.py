"""Build the Vision-Flan dataset, tune LLaVA on it in two stages, evaluate it.

The chain, in the order the packages are used::

    sources    raw archives as published   -> typed rows
    tasks      one module per source       -> examples
    instances  instruction, options, checks-> finished conversations
    shards     Parquet and picture blobs   -> what training reads
    model      CLIP + projector + LLM      -> one Hugging Face LLaVA checkpoint
    train      stage 1 (BASE), stage 2 (CHAT) with DeepSpeed
    eval       benchmarks, asked and scored
    report     tables, plots, one HTML page
    on_ray     the same verbs on a Ray cluster (``flows`` chains them with Prefect)
"""
